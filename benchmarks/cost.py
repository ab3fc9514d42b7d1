"""The cost of durability: a training step and a translated image, with and without it.

python benchmarks/cost.py [--pairs 10] [--threads 1] [--json FILE]

Without durability `os.fsync` returns at once, no sha256 is computed, and no line is appended to
any log or record. Measurements with and without it take turns in one process. The steps are those
of CycleGAN with networks of width 8 at 128 pixels, with a log line every 10 steps (a run has one
every 50); the cost of a checkpoint every 1,000 steps is given separately. Images have 256 pixels a
side and are translated one at a time by that generator.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest import mock

import numpy as np
import tables
import torch
import training_setup

from translate.engine.checkpoints import contents, retention, write
from translate.engine.disk import files
from translate.engine.inference.folder import translate_folder
from translate.engine.inference.inputs import paths, sources
from translate.engine.inference.outputs import manifest
from translate.engine.models import model as infer
from translate.engine.models.options import InferenceOptions
from translate.images import source
from translate.images.encode import write_image
from translate.images.resize import resize_pixels
from translate.progress import ProgressReport

WIDTH = ("options.generator.width=8", "options.discriminator.width=8")
SAVE_EVERY = 1000
"""Steps between checkpoints, the default of a run."""
STEPS, IMAGES = 10, 40
"""Of one measurement."""


class NoHash:
    """A stand-in for sha256 that computes nothing."""

    def __init__(self, data: bytes = b"") -> None:
        """Ignore `data`."""

    def update(self, data: bytes) -> None:
        """Ignore `data`."""

    def hexdigest(self) -> str:
        return "0" * 64


@contextmanager
def without_durability() -> Iterator[None]:
    """Disable `fsync`, hashes and records, all that makes files durable."""
    with ExitStack() as patches:
        patches.enter_context(mock.patch.object(os, "fsync", lambda _: None))
        patches.enter_context(mock.patch.object(files, "append", lambda *_: None))
        patches.enter_context(mock.patch.object(files, "sync", lambda *_, **__: None))
        patches.enter_context(mock.patch.object(retention, "verify", lambda _, **__: None))
        for module in (contents, manifest, source, sources):
            patches.enter_context(mock.patch.object(module, "sha256", NoHash))
        yield


def main() -> None:
    """Measure, and print a row for each."""
    parser = tables.parser_with_json(__doc__)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        training_setup.write_images(root, 128)
        setup = training_setup.create_setup(
            "cyclegan", root, 128, steps=SAVE_EVERY, settings=WIDTH, log_every=STEPS,
            preview_every=0,
        )  # fmt: skip
        steps = time_steps(setup, root / "run", args.pairs)

        def save(number: int) -> None:
            write.save(root / f"saved-{number}", setup.training, resume=setup.training)

        saves = alternate(save, args.pairs)
        images = time_images(root, args.pairs)
    step = float(np.median([without for _, without in steps])) / STEPS
    saving = float(np.median([durable - without for durable, without in saves]))
    rows = [
        {"what": f"{STEPS} steps, with one log line", **row(steps)},
        {"what": "a checkpoint", **row(saves)},
        {"what": f"{IMAGES} images", **row(images)},
    ]
    note = (
        f"seconds, median (quartiles) of {args.pairs} alternating pairs. The extra cost "
        f"of a checkpoint, {saving * 1e3:.0f} ms, is {saving / SAVE_EVERY / step:.3%} of "
        f"{SAVE_EVERY} steps."
    )
    tables.report(rows, note, args.json, steps=steps, saves=saves, images=images)


def row(pairs: list[tuple[float, float]]) -> dict[str, str]:
    """Return the cells of a row from the seconds with and without durability of each pair."""
    return {
        "with": tables.median_and_quartiles([durable for durable, _ in pairs]),
        "without": tables.median_and_quartiles([without for _, without in pairs]),
        "ratio": tables.median_and_quartiles([durable / without for durable, without in pairs]),
    }


def alternate(work: Callable[[int], None], pairs: int) -> list[tuple[float, float]]:
    """Return the seconds of `work` with durability and without; the first pair is not counted."""
    seconds = list[float]()
    for number in range(2 * pairs + 2):
        with without_durability() if number % 2 else ExitStack():
            start = time.perf_counter()
            work(number)
            seconds.append(time.perf_counter() - start)
    return list(zip(seconds[2::2], seconds[3::2], strict=True))


def time_steps(
    setup: training_setup.TrainingSetup, run: Path, pairs: int
) -> list[tuple[float, float]]:
    """Return the seconds of steps of one run, with durability in every second log interval."""
    seconds, start, patches = list[float](), time.perf_counter(), ExitStack()

    def switch_durability(_: ProgressReport) -> None:
        nonlocal start
        seconds.append(time.perf_counter() - start)
        patches.close()
        if len(seconds) % 2:
            patches.enter_context(without_durability())
        start = time.perf_counter()

    total = STEPS * (2 * pairs + 2)
    with patches:
        setup.loop(run, total, training_setup.ProgressCallback(switch_durability)).run()
    return list(zip(seconds[2::2], seconds[3::2], strict=True))


def time_images(root: Path, pairs: int) -> list[tuple[float, float]]:
    """Return the seconds of translating images into new folders."""
    source, random = root / "images", np.random.default_rng(0)
    source.mkdir()
    for number in range(IMAGES):
        coarse = random.integers(0, 256, (6, 6, 3), dtype=np.uint8)
        write_image(source / f"{number}.png", resize_pixels(coarse, (256, 256)))
    model, _ = infer.load(root / "run", device="cpu")

    def work(number: int) -> None:
        out = root / f"out-{number}"
        translate_folder(model, paths.find_inputs(source, out), out, InferenceOptions())

    return alternate(work, pairs)


if __name__ == "__main__":
    main()
