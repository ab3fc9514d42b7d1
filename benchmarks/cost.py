"""What it costs that nothing is lost: a training step and a translated picture, with and without.

python benchmarks/cost.py [--pairs 10] [--threads 1] [--json FILE]

Without: `os.fsync` returns at once, a sha256 of anything is nothing, and no line is added to any
log or record. Runs take turns in one process. A step is that of CycleGAN with networks of width 8
at 128 pixels, with a line of its log every 10 steps, where a run has one every 50; its share of a
checkpoint every 1,000 steps is told beside. A picture has 256 pixels a side, and that generator
translates it, one at a time.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest import mock

import numpy as np
import rig
import tables
import torch

from translate.engine.checkpoints import read, retention, write
from translate.engine.disk import files
from translate.engine.inference import inputs, manifest
from translate.engine.inference import model as infer
from translate.engine.inference.folder import translate_folder
from translate.engine.inference.options import InferenceOptions
from translate.images.encode import write_image
from translate.images.resize import resize_pixels
from translate.progress import ProgressReport

WIDTH = ("options.generator.width=8", "options.discriminator.width=8")
SAVE_EVERY = 1000
"""steps, as a run does by default"""
STEPS, PICTURES = 10, 40
"""of a turn"""


class Nothing:
    """Stands for a sha256 of what nobody reads."""

    def __init__(self, data: bytes = b"") -> None:
        """Leave `data` alone."""

    def update(self, data: bytes) -> None:
        """Leave `data` alone."""

    def hexdigest(self) -> str:
        return "0" * 64


@contextmanager
def careless() -> Iterator[None]:
    """Do without what makes files durable, and without records of them."""
    with ExitStack() as patches:
        patches.enter_context(mock.patch.object(os, "fsync", lambda _: None))
        patches.enter_context(mock.patch.object(files, "append", lambda *_: None))
        patches.enter_context(mock.patch.object(retention, "verify", lambda _: None))
        for module in (read, manifest, inputs):
            patches.enter_context(mock.patch.object(module, "sha256", Nothing))
        yield


def main() -> None:
    """Measure, and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        rig.draw(root, 128)
        own = rig.make(
            "cyclegan", root, 128, steps=SAVE_EVERY, settings=WIDTH, log_every=STEPS,
            preview_every=0,
        )  # fmt: skip
        steps = turns_of_steps(own, root / "run", asked.pairs)
        saves = in_turn(lambda number: save(own, root / f"saved-{number}"), asked.pairs)
        pictures = turns_of_pictures(root, asked.pairs)
    step = float(np.median([careless for _, careless in steps])) / STEPS
    saving = float(np.median([careful - careless for careful, careless in saves]))
    rows = [
        {"what": f"{STEPS} steps, a line of the log among them", **row(steps)},
        {"what": "a checkpoint", **row(saves)},
        {"what": f"{PICTURES} pictures", **row(pictures)},
    ]
    note = (
        f"seconds, median (quartiles) of {asked.pairs} pairs in turn. What a checkpoint costs "
        f"more, {saving * 1e3:.0f} ms, is {saving / SAVE_EVERY / step:.3%} of {SAVE_EVERY} steps."
    )
    tables.report(rows, note, asked.json, steps=steps, saves=saves, pictures=pictures)


def row(pairs: list[tuple[float, float]]) -> dict[str, str]:
    """Return the cells of one row."""
    return {
        "with": tables.spread([careful for careful, _ in pairs]),
        "without": tables.spread([careless for _, careless in pairs]),
        "ratio": tables.spread([careful / careless for careful, careless in pairs]),
    }


def in_turn(work: Callable[[int], None], pairs: int) -> list[tuple[float, float]]:
    """Return the seconds of `work`, with care and without; the first pair is not counted."""
    found = list[float]()
    for number in range(2 * pairs + 2):
        with careless() if number % 2 else ExitStack():
            begun = time.perf_counter()
            work(number)
            found.append(time.perf_counter() - begun)
    return list(zip(found[2::2], found[3::2], strict=True))


def turns_of_steps(own: rig.Rig, run: Path, pairs: int) -> list[tuple[float, float]]:
    """Return the seconds of steps of one run, which changes its ways at every line of its log."""
    found, begun, patches = list[float](), time.perf_counter(), ExitStack()

    def change(_: ProgressReport) -> None:
        nonlocal begun
        found.append(time.perf_counter() - begun)
        patches.close()
        if len(found) % 2:
            patches.enter_context(careless())
        begun = time.perf_counter()

    total = STEPS * (2 * pairs + 2)
    with patches:
        own.loop(run, total, rig.Each(change)).run()
    return list(zip(found[2::2], found[3::2], strict=True))


def save(own: rig.Rig, run: Path) -> None:
    """Save a checkpoint of its own."""
    write.write_checkpoint(run, own.training)


def turns_of_pictures(root: Path, pairs: int) -> list[tuple[float, float]]:
    """Return the seconds of translating some pictures into folders of their own."""
    source, random = root / "pictures", np.random.default_rng(0)
    source.mkdir()
    for number in range(PICTURES):
        coarse = random.integers(0, 256, (6, 6, 3), dtype=np.uint8)
        write_image(source / f"{number}.png", resize_pixels(coarse, (256, 256)))
    model, _ = infer.load(root / "run", device="cpu")

    def work(number: int) -> None:
        out = root / f"out-{number}"
        translate_folder(model, inputs.find_inputs(source, out), out, InferenceOptions())

    return in_turn(work, pairs)


if __name__ == "__main__":
    main()
