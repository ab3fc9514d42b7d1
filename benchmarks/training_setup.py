"""Our training loop as a real run has it, on images generated for a benchmark."""

import json
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import textbook
import textbook_codes
import textbook_noise
import textbook_patches
import textbook_restoration
import torch
from torch import nn

from translate.engine.checkpoints.state import TrainingState
from translate.engine.config import layers, schema
from translate.engine.data import check
from translate.engine.disk import folders
from translate.engine.loading import loader
from translate.engine.loading.device import batch_to_device
from translate.engine.optimization.build import build_training
from translate.engine.processes.signals import Interrupts
from translate.engine.runs.writer import RunWriter
from translate.engine.training.loop import Loop
from translate.engine.training.session import Session
from translate.images.encode import write_image
from translate.images.resize import resize_pixels
from translate.progress import ProgressReport, ProgressReporter

IMAGES = 8
TINY = ("options.generator.width=4", "options.discriminator.width=4")
"""settings of small networks"""
LOOPS = {
    **textbook.LOOPS,
    **textbook_noise.LOOPS,
    **textbook_codes.LOOPS,
    **textbook_patches.LOOPS,
    **textbook_restoration.LOOPS,
}
LAYOUTS = {
    **dict.fromkeys(["cyclegan", "cut", "fastcut"], "unpaired"),
    **dict.fromkeys(["pix2pix", "pix2pixhd", "deblurgan"], "paired"),
}
ONE_DOMAIN = {"cgan": ("labelled", "classes"), "text2img": ("captioned", "left")}
"""layout and domain of recipes with one domain, if not ``images`` and ``left``"""


class TrainingSetup(NamedTuple):
    """A recipe and its data, to be trained by our loop or by the textbook's."""

    config: schema.Config
    training: TrainingState
    data: check.CheckedData
    device: torch.device

    def batches(self, count: int) -> list[Any]:
        """Return the first `count` batches that our loop reads: on the device, in [-1, 1]."""
        train = self.config.train
        stream = loader.batches(
            self.data,
            self.config.data,
            seed=train.seed,
            batch_size=train.batch_size,
            steps=range(count),
        )
        return [batch_to_device(batch, self.device, self.data.layout.spec) for batch, _ in stream]

    def loop(self, out: Path, steps: int, reporter: ProgressReporter) -> Loop:
        """Return our loop as `translate.engine.training.train.start` makes it, up to `steps`."""
        if not out.exists():
            folders.ensure_writable(out)
        writer = RunWriter(out, self.training, steps)
        session = Session(self.training, self.data, writer, steps, is_new=True)
        return Loop(session, reporter, Interrupts())


class ProgressCallback(ProgressReporter):
    """Calls a function at every log line, when the command would update its progress bar."""

    def __init__(self, call: Callable[[ProgressReport], None]) -> None:
        self.call = call

    def progress(self, report: ProgressReport) -> None:
        self.call(report)


def write_images(root: Path, side: int) -> None:
    """Write smooth images a little larger than `side`: the domains left, right and classes.

    The images of "left" have captions; two captions are the same.
    """
    random, side = np.random.default_rng(0), round(side * 286 / 256)
    for place in ("left/train", "right/train", "classes/train/one", "classes/train/two"):
        write_smooth_images(root / place, (side, side), random)
    captions = [{"file": f"{n}.png", "text": f"{max(n, 1)} of many"} for n in range(IMAGES)]
    (root / "left/train/captions.jsonl").write_text("\n".join(map(json.dumps, captions)))


def write_smooth_images(folder: Path, size: tuple[int, int], random: np.random.Generator) -> None:
    """Write smooth random images of a height and width into a new folder."""
    folder.mkdir(parents=True)
    for number in range(IMAGES):
        coarse = random.integers(0, 256, (6, 6, 3), dtype=np.uint8)
        write_image(folder / f"{number}.png", resize_pixels(coarse, size))


def create_quiet_setup(
    args: Namespace, root: Path, recipe: str, batch_size: int, **train: Any
) -> TrainingSetup:
    """Return a setup of the command line's device, size and settings, without previews."""
    intervals = {"preview_every": 0, "save_every": 10**9, "batch_size": batch_size}
    flags = {"settings": args.settings, "device": args.device, **intervals, **train}
    return create_setup(recipe, root, args.size, **flags)


def create_setup(
    recipe: str,
    root: Path,
    size: int,
    *,
    steps: int,
    settings: Sequence[str] = (),
    device: str = "cpu",
    **train: Any,
) -> TrainingSetup:
    """Return `recipe` on the images below `root`, at its defaults except for `settings`."""
    layout, *domains = ONE_DOMAIN.get(recipe, ("images", "left"))
    if recipe in LAYOUTS:
        layout, domains = LAYOUTS[recipe], ["left", "right"]
    flags = {
        "data.root": str(root),
        "data.domains": domains,
        "data.layout": layout,
        "data.size": size,
        "train.steps": steps,
        "train.device": device,
        **{f"train.{key}": value for key, value in train.items()},
    }
    config = layers.resolve(recipe, flags=flags, assignments=settings)
    opened = check.open_layout(config.data)
    training = build_training(config, opened.spec, torch.device(device))
    data = check.check_data(opened, config.data)
    return TrainingSetup(config, training, data, torch.device(device))


def textbook_loop(
    setup: TrainingSetup, recipe: nn.Module, batches: Iterator[Any], **settings: Any
) -> Iterator[Any]:
    """Return the textbook's loop over `recipe`, with the settings of `setup`."""
    train = setup.config.train
    decay_from = train.decay_from if train.schedule == "linear" else None
    shared = textbook.Settings(train.steps or 0, decay_from, **settings)
    return LOOPS[setup.config.recipe](recipe, batches, shared)
