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
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from copy import deepcopy
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import equivalence
import numpy as np
import tables
import torch
import training_setup
from numpy.typing import NDArray

from translate import registry
from translate.engine.checkpoints import write
from translate.engine.optimization.networks.checkpointing import checkpoint_blocks
from translate.engine.training.monitoring.preview import draw_preview
from translate.progress import ProgressReport
from translate.recipe import adam

WARM_UP_BLOCKS = 2
"""first blocks of steps of each loop, which are not measured"""
TEXTBOOK_BATCHES = 8
"""batches in memory that the textbook repeats when its time is measured"""


def main() -> None:
    """Compare, and print a row."""
    args = arguments()
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
        "ours s/step": tables.spread([p.ours for p in pairs]),
        "textbook s/step": tables.spread([p.textbook for p in pairs]),
        "time ratio": tables.spread([p.ours / p.textbook for p in pairs]),
        "fraction waiting for images": tables.spread([p.waiting_fraction for p in pairs], 2),
        "ratio without waiting": tables.spread(
            [p.ours * (1 - p.waiting_fraction) / p.textbook for p in pairs]
        ),
        "CPU time ratio": tables.spread([p.ours_cpu / p.textbook_cpu for p in pairs]),
        **{
            f"memory ratio {moment}": tables.spread(
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


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = tables.argument_parser(__doc__)
    parser.add_argument("--recipe", choices=list(training_setup.LOOPS), default="cyclegan")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch-size", type=int, help="batch size [that of the recipe]")
    parser.add_argument("--passes", choices=["ours", "authors"], default="ours")
    parser.add_argument("--adam", choices=["same", "default"], default="same")
    parser.add_argument(
        "--checkpointing", action="store_true", help="train.checkpointing, only in our loop"
    )
    parser.add_argument("--pairs", type=int, default=30, help="0: only memory and differences")
    parser.add_argument(
        "--block", type=int, default=1, help="steps of a loop before the other one continues"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--compared-steps",
        type=int,
        default=4,
        help="steps before losses and weights are compared; 0: not compared",
    )
    parser.add_argument(
        "--memory-processes", type=int, default=3, help="processes that measure a loop's memory"
    )
    parser.add_argument(
        "--memory-steps", type=int, default=6, help="steps before memory is measured"
    )
    parser.add_argument("--set", dest="settings", action="append", default=[])
    # the command of each process that measures memory
    parser.add_argument("--measure-memory-of", choices=["ours", "textbook"], help=argparse.SUPPRESS)
    return parser.parse_args()


def create_setup(
    args: argparse.Namespace, root: Path, steps: int, **train: Any
) -> training_setup.TrainingSetup:
    """Return the setup of the command line, without previews and intermediate checkpoints.

    `train` are further settings of the section ``train``.
    """
    settings = {"preview_every": 0, "save_every": steps + 1, **train}
    if args.batch_size:
        settings["batch_size"] = args.batch_size
    return training_setup.create_setup(
        args.recipe, root, args.size, steps=steps, settings=args.settings, **settings
    )


def create_textbook(
    args: argparse.Namespace, setup: training_setup.TrainingSetup, recipe: Any, batches: Any
) -> Iterator[Any]:
    """Return the textbook's loop with the settings of the command line."""
    fused = True if args.adam == "same" else None
    return training_setup.textbook_loop(
        setup, recipe, batches, fused=fused, our_passes=args.passes == "ours"
    )


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


def measure_memory_in_processes(args: argparse.Namespace, loop: str) -> list[dict[str, float]]:
    """Return the results of `measure_memory` in `--memory-processes` processes."""
    command = [sys.executable, *sys.argv, "--measure-memory-of", loop]
    environment = {**os.environ, "OMP_NUM_THREADS": str(args.threads)}
    outputs = [
        subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout
        for _ in range(args.memory_processes)
    ]
    return [json.loads(output) for output in outputs]


def measure_memory(args: argparse.Namespace, loop: str) -> dict[str, float]:
    """Return by how much training raises the peak resident memory above the imports, in MB.

    ``after steps``: when the last step has ended; ``after saving``: when its checkpoint is written
    too. The textbook saves by `torch.save`; its batches are part of its memory.
    """
    steps = args.memory_steps
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        training_setup.write_images(root, args.size)
        registry.names("recipe")  # imports the plugins
        adam(torch.nn.Linear(1, 1)).zero_grad()  # imports what torch imports with an optimizer
        reset_peak()
        before, growth = peak(), dict[str, float]()

        def record(report: ProgressReport | None = None) -> None:  # noqa: ARG001
            growth["after steps"] = peak() - before

        setup = create_setup(args, root, steps, log_every=steps)
        if loop == "ours":
            if args.checkpointing:
                checkpoint_blocks(setup.training.recipe)
            setup.loop(root / "run", steps, training_setup.ProgressCallback(record)).run()
        else:
            recipe = setup.training.recipe
            textbook = create_textbook(args, setup, recipe, iter(setup.batches(steps)))
            for _ in textbook:
                pass
            record()
            torch.save(recipe.state_dict(), root / "weights.pt")
        return {**growth, "after saving": peak() - before}


def reset_peak() -> None:
    """Set the peak memory of this process to its present resident memory."""
    Path("/proc/self/clear_refs").write_text("5")


def peak() -> float:
    """Return the peak resident memory of this process in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
