"""One training step through our loop against a textbook's, interleaved: time, memory, equality.

python benchmarks/steps.py --recipe cyclegan --size 64 --pairs 30 [--threads 1] [--json FILE]

The textbook (textbook*.py) has the same networks, losses, batches and schedule, with all batches
in memory. With `--passes ours` it has the forward passes of our recipes, which compares the loops
alone. With `--passes authors` it has those of the authors' code: CycleGAN's identity loss and each
of CUT's two terms have their own forward passes, and InfoGAN's two heads share one.
`--adam default` gives the textbook an Adam that is not fused. Our loop is the whole loop of a run:
reading, guard and log, with the log written every `--block` steps (a run does it every 50). Our
checkpoints and previews are timed separately. `--checkpointing` recomputes blocks only in our loop.
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

WARM_UP = 2
"""blocks of steps of each loop that are not counted"""


def main() -> None:
    """Compare, and print a row."""
    args = arguments()
    torch.set_num_threads(args.threads)
    if args.child:
        print(json.dumps(measure_memory(args, args.child)))
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        training_setup.write_images(root, args.size)
        differences = {
            dtype: equivalence.compare(
                partial(prepare, args, root, args.equal_steps, log_every=1),
                root / dtype,
                double=dtype == "float64",
            )
            for dtype in ("float64", "float32")
            if args.equal_steps
        }
        pairs, saving_times = interleave(args, root) if args.pairs else ([], "")
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
        "fraction reading": tables.spread([p.reading_fraction for p in pairs], 2),
        "ratio without reading": tables.spread(
            [p.ours * (1 - p.reading_fraction) / p.textbook for p in pairs]
        ),
        "CPU time ratio": tables.spread([p.ours_cpu / p.textbook_cpu for p in pairs]),
        "memory ratio": tables.spread([a["steps"] / b["steps"] for a, b in memory_pairs]),
        "memory ratio with save": tables.spread([a["saved"] / b["saved"] for a, b in memory_pairs]),
        "loss difference": " / ".join(f"{d.loss:.1e}" for d in differences.values()),
        "weight difference": " / ".join(f"{d.weights:.1e}" for d in differences.values()),
    }
    note = (
        f"median (quartiles) of {len(pairs)} pairs of {args.block} steps, ours and the textbook's "
        f"in turn; differences: relative, after {args.equal_steps} steps in float64 / float32; "
        f"memory: peak RSS over the imported program, {args.children} processes each "
        f"(MB: {json.dumps(memory)}).{saving_times}"
    )
    tables.report([row], note, args.json, pairs=pairs, memory=memory, differences=differences)


class StepSeconds(NamedTuple):
    """Seconds per step of both loops."""

    ours: float
    ours_cpu: float
    textbook: float
    textbook_cpu: float
    reading_fraction: float
    """fraction of our time spent on reading and cropping; the textbook's batches are in memory"""


def clocks() -> NDArray[np.float64]:
    """Return wall time and CPU time of this process, which other processes hardly change."""
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
    parser.add_argument("--equal-steps", type=int, default=4, help="0: no differences")
    parser.add_argument("--children", type=int, default=3, help="processes for memory")
    parser.add_argument("--memory-steps", type=int, default=6)
    parser.add_argument("--set", dest="settings", action="append", default=[])
    parser.add_argument("--child", choices=["ours", "textbook"], help=argparse.SUPPRESS)
    return parser.parse_args()


def prepare(
    args: argparse.Namespace, root: Path, steps: int, **train: Any
) -> training_setup.TrainingSetup:
    """Return the recipe at its defaults, without previews and intermediate checkpoints."""
    intervals = {"preview_every": 0, "save_every": steps + 1}
    if args.batch_size:
        intervals["batch_size"] = args.batch_size
    settings = args.settings
    return training_setup.create_setup(
        args.recipe, root, args.size, steps=steps, settings=settings, **{**intervals, **train}
    )


def create_textbook(
    args: argparse.Namespace, setup: training_setup.TrainingSetup, recipe: Any, batches: Any
) -> Iterator[Any]:
    """Return the textbook's loop with the settings of the command line."""
    fused = True if args.adam == "same" else None
    return training_setup.textbook_loop(
        setup, recipe, batches, fused=fused, as_ours=args.passes == "ours"
    )


def interleave(args: argparse.Namespace, root: Path) -> tuple[list[StepSeconds], str]:
    """Return seconds per step of both loops in alternating blocks, and the times of saving.

    The textbook's block runs in our progress callback, so our loop is unchanged.
    """
    total = args.block * (args.pairs + WARM_UP)
    setup = prepare(args, root, total, log_every=args.block)
    batches = cycle(setup.batches(training_setup.IMAGES))
    textbook = create_textbook(args, setup, deepcopy(setup.training.recipe), batches)
    if args.checkpointing:
        checkpoint_blocks(setup.training.recipe)
    pairs: list[StepSeconds] = []
    started = clocks()

    def run_textbook(report: ProgressReport) -> None:
        nonlocal started
        middle = clocks()
        for _ in range(args.block):
            next(textbook)
        end = clocks()
        ours, others = (middle - started) / args.block, (end - middle) / args.block
        pairs.append(StepSeconds(*ours, *others, report.data_wait))
        started = clocks()

    setup.loop(root / "timed", total, training_setup.ProgressCallback(run_textbook)).run()
    start = time.perf_counter()
    write.save(root / "timed", setup.training, resume=setup.training)
    middle = time.perf_counter()
    draw_preview(setup.training, setup.batches(1)[0])
    seconds = middle - start, time.perf_counter() - middle
    return pairs[WARM_UP:], " A checkpoint takes {:.2f} s, a preview {:.2f} s.".format(*seconds)


def measure_memory_in_processes(args: argparse.Namespace, loop: str) -> list[dict[str, float]]:
    """Return the results of `measure_memory` in `--children` processes."""
    command = [sys.executable, *sys.argv, "--child", loop]
    environment = {**os.environ, "OMP_NUM_THREADS": str(args.threads)}
    return [
        json.loads(subprocess.run(command, env=environment, check=True, stdout=-1).stdout)
        for _ in range(args.children)
    ]


def measure_memory(args: argparse.Namespace, loop: str) -> dict[str, float]:
    """Return the growth of the peak RSS over the imported program, in MB.

    ``steps``: after the last step; ``saved``: after its checkpoint is written, the textbook's by
    torch.save. Images in memory take 2 MB at most.
    """
    steps = args.memory_steps
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        training_setup.write_images(root, args.size)
        registry.names("recipe")  # imports the plugins
        adam(torch.nn.Linear(1, 1)).zero_grad()  # imports what torch imports with an optimizer
        before, growth = resident(), dict[str, float]()

        def record(report: ProgressReport | None = None) -> None:  # noqa: ARG001
            growth["steps"] = peak() - before

        setup = prepare(args, root, steps, log_every=steps)
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
        return {**growth, "saved": peak() - before}


def resident() -> float:
    """Reset the peak memory of this process; return its present memory in MB."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def peak() -> float:
    """Return the peak memory of this process in MB."""
    return _status("VmHWM")


def _status(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{field}:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
