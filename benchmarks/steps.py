"""A training step of our loop and of a plain loop, interleaved: time, memory and equality.

python benchmarks/steps.py --recipe cyclegan --size 64 --pairs 30 [--threads 1] [--json FILE]

The plain loop is the *textbook* (textbook*.py): the method as a textbook would print it, with the
same networks, losses, batches and schedule as ours, and with all batches in memory. With `--passes
ours` it has the forward passes of our recipes, so only the loops differ. With `--passes authors` it
has those of the authors' code: CycleGAN's identity loss and each of CUT's two PatchNCE losses (of
translated and of target images) have their own, and InfoGAN's two heads share one. `--adam default`
gives the textbook an Adam that is not fused. Our loop is the whole loop of a run: it reads images,
counts losses that are not finite, and writes a line of the log every `--block` steps (a run does it
every 50). Saving a checkpoint and drawing a preview are timed separately. `--checkpointing` turns
on gradient checkpointing, which recomputes activations to save memory, in our loop only.
"""

import argparse
import json
import tempfile
import time
from copy import deepcopy
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

import equivalence
import numpy as np
import tables
import torch
import training_setup
from numpy.typing import NDArray
from step_memory import measure_memory, measure_memory_in_processes
from step_setup import arguments, create_setup, create_textbook

from translate.engine.checkpoints import write
from translate.engine.optimization.networks.checkpointing import checkpoint_blocks
from translate.engine.training.monitoring.preview import draw_preview
from translate.progress import ProgressReport

WARM_UP_BLOCKS = 2
"""first blocks of steps of each loop, which are not measured"""
TEXTBOOK_BATCHES = 8
"""batches in memory that the textbook repeats when its time is measured"""


def main() -> None:
    """Compare, and print a row."""
    args = arguments(__doc__)
    torch.set_num_threads(args.threads)
    if args.measure_memory_of:
        print(json.dumps(measure_memory(args, args.measure_memory_of)))
        return
    pairs, differences, output_seconds = [], {}, ""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        training_setup.write_images(root, args.size)
        if args.compared_steps:
            differences = compare(args, root)
        if args.pairs:
            pairs, seconds = interleave(args, root)
            output_seconds = " A checkpoint takes {:.2f} s, a preview {:.2f} s.".format(*seconds)
    memory = {loop: measure_memory_in_processes(args, loop) for loop in ("ours", "textbook")}
    memory_pairs = list(zip(*memory.values(), strict=True))
    row = {
        "recipe": args.recipe,
        "px": args.size,
        "passes": args.passes,
        "Adam": args.adam,
        "checkpointing": args.checkpointing,
        "ours s/step": tables.median_and_quartiles([p.ours for p in pairs]),
        "textbook s/step": tables.median_and_quartiles([p.textbook for p in pairs]),
        "time ratio": tables.median_and_quartiles([p.ours / p.textbook for p in pairs]),
        "fraction waiting for images": tables.median_and_quartiles(
            [p.waiting_fraction for p in pairs], 2
        ),
        "ratio without waiting": tables.median_and_quartiles(
            [p.ours * (1 - p.waiting_fraction) / p.textbook for p in pairs]
        ),
        "CPU time ratio": tables.median_and_quartiles([p.ours_cpu / p.textbook_cpu for p in pairs]),
        **{
            f"memory ratio {moment}": tables.median_and_quartiles(
                [ours[moment] / textbook[moment] for ours, textbook in memory_pairs]
            )
            for moment in ("after steps", "after saving")
        },
        "loss difference": " / ".join(f"{d.loss:.1e}" for d in differences.values()),
        "weight difference": " / ".join(f"{d.weights:.1e}" for d in differences.values()),
    }
    note = (
        f"median (quartiles) of {len(pairs)} pairs of {args.block} steps, ours and the textbook's "
        f"in turn; differences: relative, after {args.compared_steps} steps in float64 / float32; "
        "memory: growth of the peak resident memory after the imports, in "
        f"{args.memory_processes} processes each (MB: {json.dumps(memory)}).{output_seconds}"
    )
    tables.report([row], note, args.json, pairs=pairs, memory=memory, differences=differences)


class Pair(NamedTuple):
    """A block of our loop and one of the textbook's, in seconds per step."""

    ours: float
    ours_cpu: float
    textbook: float
    textbook_cpu: float
    waiting_fraction: float
    """fraction of our time spent waiting for images; the textbook's batches are in memory"""


class OutputSeconds(NamedTuple):
    """Seconds that our loop takes to write its outputs."""

    checkpoint: float
    preview: float


def read_clocks() -> NDArray[np.float64]:
    """Return the wall time and the CPU time of this process, in seconds.

    Other processes hardly change the CPU time.
    """
    return np.array([time.perf_counter(), time.process_time()])


def compare(args: argparse.Namespace, root: Path) -> dict[str, equivalence.Difference]:
    """Return the differences of both loops after the same steps, in float64 and in float32."""
    create = partial(create_setup, args, root, args.compared_steps, log_every=1)
    return {
        dtype: equivalence.compare(create, root / dtype, double=dtype == "float64")
        for dtype in ("float64", "float32")
    }


def interleave(args: argparse.Namespace, root: Path) -> tuple[list[Pair], OutputSeconds]:
    """Return pairs of alternating blocks of both loops, and the seconds of our outputs.

    The textbook's block runs in our progress callback, so our loop is unchanged.
    """
    total = args.block * (args.pairs + WARM_UP_BLOCKS)
    setup = create_setup(args, root, total, log_every=args.block)
    batches = cycle(setup.batches(TEXTBOOK_BATCHES))
    textbook = create_textbook(args, setup, deepcopy(setup.training.recipe), batches)
    if args.checkpointing:
        checkpoint_blocks(setup.training.recipe)
    pairs: list[Pair] = []
    start = read_clocks()

    def run_textbook(report: ProgressReport) -> None:
        nonlocal start
        middle = read_clocks()
        for _ in range(args.block):
            next(textbook)
        ours, ours_cpu = (middle - start) / args.block
        textbook_seconds, textbook_cpu = (read_clocks() - middle) / args.block
        pairs.append(Pair(ours, ours_cpu, textbook_seconds, textbook_cpu, report.data_wait))
        start = read_clocks()

    setup.loop(root / "timed", total, training_setup.ProgressCallback(run_textbook)).run()
    return pairs[WARM_UP_BLOCKS:], time_outputs(root / "timed", setup)


def time_outputs(run: Path, setup: training_setup.TrainingSetup) -> OutputSeconds:
    """Save a checkpoint that can be resumed, draw a preview, and return the seconds of each."""
    start = time.perf_counter()
    write.save(run, setup.training, resume=setup.training)  # weights, then the state of training
    middle = time.perf_counter()
    draw_preview(setup.training, setup.batches(1)[0])
    return OutputSeconds(middle - start, time.perf_counter() - middle)


if __name__ == "__main__":
    main()
