"""One training step through our loop against a textbook's, interleaved: time, memory, equality.

python benchmarks/steps.py --recipe cyclegan --size 64 --pairs 30 [--threads 1] [--json FILE]

The textbook (textbook.py and those beside it) has the same networks, losses,
batches and schedule, ready in memory. `passes ours` goes through the networks as our recipes do,
and so compares the loops alone; `passes authors` as the authors' code does, where that is
otherwise: CycleGAN's identity loss and each of CUT's two terms have passes of their own there, and
InfoGAN's two heads share one.
`--adam default` gives the textbook an Adam that is not fused. Ours is the whole loop of a run:
reading, guard, log, with the log written every `--block` steps (a run does it every 50), and
without its checkpoints and previews, whose seconds are told beside.
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

import numpy as np
import rig
import tables
import torch
from numpy.typing import NDArray

from translate import registry
from translate.engine.checkpoints import write
from translate.engine.training.preview import draw_preview
from translate.progress import ProgressReport
from translate.recipe import adam

WARM = 2
"""blocks of each loop that are not counted"""


def main() -> None:
    """Compare, and print a row."""
    asked = arguments()
    torch.set_num_threads(asked.threads)
    if asked.child:
        print(json.dumps(memory(asked, asked.child)))
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        rig.draw(root, asked.size)
        equal = {
            kind: rig.compare(
                partial(prepare, asked, root, asked.equal_steps, log_every=1),
                root / kind,
                double=kind == "float64",
            )
            for kind in ("float64", "float32")
            if asked.equal_steps
        }
        pairs, extra = interleave(asked, root) if asked.pairs else ([], "")
    grown = {who: children(asked, who) for who in ("ours", "textbook")}
    row = {
        "recipe": asked.recipe,
        "px": asked.size,
        "passes": asked.passes,
        "Adam": asked.adam,
        "ours s/step": tables.spread([p.ours for p in pairs]),
        "textbook s/step": tables.spread([p.textbook for p in pairs]),
        "time ratio": tables.spread([p.ours / p.textbook for p in pairs]),
        "of ours, reading": tables.spread([p.reading for p in pairs], 2),
        "ratio without it": tables.spread([p.ours * (1 - p.reading) / p.textbook for p in pairs]),
        "CPU time ratio": tables.spread([p.ours_cpu / p.textbook_cpu for p in pairs]),
        "memory ratio": tables.spread(
            [a["steps"] / b["steps"] for a, b in zip(*grown.values(), strict=True)]
        ),
        "with last save": tables.spread(
            [a["saved"] / b["saved"] for a, b in zip(*grown.values(), strict=True)]
        ),
        "losses apart": " / ".join(f"{found.loss:.1e}" for found in equal.values()),
        "weights apart": " / ".join(f"{found.weights:.1e}" for found in equal.values()),
    }
    note = (
        f"median (quartiles) of {len(pairs)} pairs of {asked.block} steps, ours and the textbook's "
        f"in turn; apart: after {asked.equal_steps} steps in float64 / float32, relative; memory: "
        f"peak RSS over the imported program, {asked.children} processes each "
        f"(MB: {json.dumps(grown)}).{extra}"
    )
    tables.report([row], note, asked.json, pairs=pairs, memory=grown, equal=equal)


class Pair(NamedTuple):
    """Seconds a step of both loops."""

    ours: float
    ours_cpu: float
    textbook: float
    textbook_cpu: float
    reading: float
    """share of our time that went to reading and cropping; the textbook's batches are ready"""


def clocks() -> NDArray[np.float64]:
    """Return the time, and the time that this process worked: others hardly stretch it."""
    return np.array([time.perf_counter(), time.process_time()])


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--recipe", choices=list(rig.LOOPS), default="cyclegan")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch-size", type=int, help="else the recipe's own")
    parser.add_argument("--passes", choices=["ours", "authors"], default="ours")
    parser.add_argument("--adam", choices=["same", "default"], default="same")
    parser.add_argument("--pairs", type=int, default=30, help="0: memory and equality alone")
    parser.add_argument("--block", type=int, default=1, help="steps between changes of turn")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--equal-steps", type=int, default=4, help="0: equality is not shown")
    parser.add_argument("--children", type=int, default=3, help="processes for memory")
    parser.add_argument("--memory-steps", type=int, default=6)
    parser.add_argument("--set", dest="settings", action="append", default=[])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", choices=["ours", "textbook"], help=argparse.SUPPRESS)
    return parser.parse_args()


def prepare(asked: argparse.Namespace, root: Path, steps: int, **train: Any) -> rig.Rig:
    """Return the recipe at its defaults, without previews and checkpoints on the way."""
    quiet = {"preview_every": 0, "save_every": steps + 1}
    if asked.batch_size:
        quiet["batch_size"] = asked.batch_size
    settings = asked.settings
    return rig.make(
        asked.recipe, root, asked.size, steps=steps, settings=settings, **{**quiet, **train}
    )


def textbook_of(
    asked: argparse.Namespace, own: rig.Rig, recipe: Any, batches: Any
) -> Iterator[Any]:
    """Return the textbook's loop with the settings that were asked for."""
    fused = True if asked.adam == "same" else None
    return rig.loop_of(own, recipe, batches, fused=fused, as_ours=asked.passes == "ours")


def interleave(asked: argparse.Namespace, root: Path) -> tuple[list[Pair], str]:
    """Return seconds a step of both loops, block by block in turn, and what comes on top of ours.

    The textbook's block runs where the progress bar is drawn, so ours is not touched.
    """
    total = asked.block * (asked.pairs + WARM)
    own = prepare(asked, root, total, log_every=asked.block)
    batches = cycle(own.batches(rig.PICTURES))
    theirs = textbook_of(asked, own, deepcopy(own.training.recipe), batches)
    pairs: list[Pair] = []
    started = clocks()

    def change(report: ProgressReport) -> None:
        nonlocal started
        middle = clocks()
        for _ in range(asked.block):
            next(theirs)
        end = clocks()
        ours, other = (middle - started) / asked.block, (end - middle) / asked.block
        pairs.append(Pair(*ours, *other, report.data_wait))
        started = clocks()

    own.loop(root / "timed", total, rig.Each(change)).run()
    begun = time.perf_counter()
    write.write_checkpoint(root / "timed", own.training)
    middle = time.perf_counter()
    draw_preview(own.training, own.batches(1)[0])
    took = middle - begun, time.perf_counter() - middle
    return pairs[WARM:], " A checkpoint takes {:.2f} s, a preview {:.2f} s.".format(*took)


def children(asked: argparse.Namespace, who: str) -> list[dict[str, float]]:
    """Measure `who` in processes of their own."""
    command = [sys.executable, *sys.argv, "--child", who]
    environment = {**os.environ, "OMP_NUM_THREADS": str(asked.threads)}
    return [
        json.loads(subprocess.run(command, env=environment, check=True, stdout=-1).stdout)
        for _ in range(asked.children)
    ]


def memory(asked: argparse.Namespace, who: str) -> dict[str, float]:
    """Return the growth of the peak RSS in MB over the imported program, at the end of both parts.

    ``steps``: until the last step is done; ``saved``: when its checkpoint is written, the
    textbook's by torch.save. Pictures in memory are 2 MB at most.
    """
    steps = asked.memory_steps
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        rig.draw(root, asked.size)
        registry.names("recipe")  # imports the plugins
        adam(torch.nn.Linear(1, 1)).zero_grad()  # imports what torch imports with an optimizer
        before, grown = resident(), dict[str, float]()

        def note(report: ProgressReport | None = None) -> None:  # noqa: ARG001
            grown["steps"] = peak() - before

        own = prepare(asked, root, steps, log_every=steps)
        if who == "ours":
            own.loop(root / "run", steps, rig.Each(note)).run()
        else:
            recipe = own.training.recipe
            theirs = textbook_of(asked, own, recipe, iter(own.batches(steps)))
            for _ in theirs:
                pass
            note()
            torch.save(recipe.state_dict(), root / "weights.pt")
        return {**grown, "saved": peak() - before}


def resident() -> float:
    """Return the memory of this process in MB, its peak forgotten."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def peak() -> float:
    """Return the most memory this process has had, in MB."""
    return _status("VmHWM")


def _status(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{field}:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
