"""Our loop as a real run has it, on pictures made for a benchmark, and proof of equal maths."""

import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from itertools import islice, pairwise
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
from translate.engine.data import check, loader
from translate.engine.disk import files
from translate.engine.runs.writer import RunWriter
from translate.engine.system.randomness import seed_everything
from translate.engine.training.batch import batch_to_device
from translate.engine.training.loop import Loop
from translate.engine.training.session import build
from translate.images.encode import write_image
from translate.images.resize import resize_pixels
from translate.progress import ProgressReport, ProgressReporter

PICTURES = 8
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
ALONE = {"cgan": ("labelled", "classes"), "text2img": ("captioned", "left")}
"""layout and domain, which of all others are images and left"""


class Rig(NamedTuple):
    """A recipe and its data, ready to be trained by our loop or by the textbook's."""

    config: schema.Config
    training: TrainingState
    prepared: check.CheckedData
    device: torch.device

    def batches(self, count: int) -> list[Any]:
        """Return the first `count` batches as our loop sees them: on the device, in [-1, 1]."""
        train = self.config.train
        stream = loader.batches(
            self.prepared,
            self.config.data,
            seed=train.seed,
            batch_size=train.batch_size,
            stop=count,
        )
        return [batch_to_device(batch, self.device) for batch, _ in stream]

    def loop(self, out: Path, steps: int, watcher: ProgressReporter) -> Loop:
        """Return our loop as `translate.engine.training.session.start` makes it, up to `steps`."""
        if not out.exists():
            files.claim(out)
        journal = RunWriter(out, self.training, steps, watcher.say)
        return Loop(self.training, self.prepared, journal, steps, watcher)


class Each(ProgressReporter):
    """Calls a function at every log line, as the command's progress bar is called."""

    def __init__(self, call: Callable[[ProgressReport], None]) -> None:
        self.call = call

    def progress(self, report: ProgressReport) -> None:
        self.call(report)


def draw(root: Path, side: int) -> None:
    """Write smooth pictures a little larger than `side`: left, right, and classes of two names.

    What is left has captions, two of which are the same.
    """
    random, side = np.random.default_rng(0), round(side * 286 / 256)
    for place in ("left/train", "right/train", "classes/train/one", "classes/train/two"):
        folder = root / place
        folder.mkdir(parents=True)
        for number in range(PICTURES):
            coarse = random.integers(0, 256, (6, 6, 3), dtype=np.uint8)
            write_image(folder / f"{number}.png", resize_pixels(coarse, (side, side)))
    told = [{"file": f"{n}.png", "text": f"{max(n, 1)} of many"} for n in range(PICTURES)]
    (root / "left/train/captions.jsonl").write_text("\n".join(map(json.dumps, told)))


def make(
    recipe: str,
    root: Path,
    size: int,
    *,
    steps: int,
    settings: Sequence[str] = (),
    device: str = "cpu",
    **train: Any,
) -> Rig:
    """Return `recipe` on the pictures below `root`, at its defaults but for `settings`."""
    layout, *domains = ALONE.get(recipe, ("images", "left"))
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
    asked = layers.resolve(recipe, flags=flags, assignments=settings)
    opened = check.open_layout(asked.data)
    where = torch.device(device)
    training = build(asked, opened.spec, where)
    return Rig(asked, training, check.check_data(opened, asked.data), where)


def loop_of(rig: Rig, recipe: nn.Module, batches: Iterator[Any], **settings: Any) -> Iterator[Any]:
    """Return the textbook's loop over `recipe`, with the settings of our run."""
    train = rig.config.train
    asked = textbook.Settings(
        train.steps or 0, train.decay_from if train.schedule == "linear" else None, **settings
    )
    return LOOPS[rig.config.recipe](recipe, batches, asked)


class Equality(NamedTuple):
    """How far the two loops are apart after some steps from the same start."""

    loss: float
    """largest difference of a loss, as a share of it"""
    weights: float
    """length of the difference of all weights, as a share of how far they moved"""


def compare(make_rig: Callable[[], Rig], out: Path, *, double: bool) -> Equality:
    """Train the same start by both loops; all in float64 if `double`, where rounding is no excuse.

    Biases before an instance norm are left out: their gradient is zero but for rounding.
    """
    rig = make_rig()
    steps = rig.config.train.steps or 0
    recipe = rig.training.recipe
    if double:
        recipe.double()
        for child in recipe.children():
            child.register_forward_pre_hook(lambda _, given: tuple(map(_in_double, given)))
    before, theirs = deepcopy(recipe), deepcopy(recipe)
    if double:
        step = recipe.step
        recipe.step = lambda batch: step(_doubled(batch))  # type: ignore[method-assign]
    ours_losses: list[list[float]] = []
    watcher = Each(lambda report: ours_losses.append(list(report.losses.values())))
    rig.loop(out, steps, watcher).run()

    seed_everything(rig.config.train.seed)
    batches = rig.batches(steps)
    if double:
        batches = [_doubled(batch) for batch in batches]
    steps_taken = islice(loop_of(rig, theirs, iter(batches), fused=True), steps)
    their_losses = [[float(loss) for loss in losses] for losses in steps_taken]

    ours, other, start = (_weights(r) for r in (recipe, theirs, before))
    apart = max(
        abs(a - b) / max(abs(b), 1e-12)
        for mine, their in zip(ours_losses, their_losses, strict=True)
        for a, b in zip(mine, their, strict=True)
    )
    return Equality(apart, float((ours - other).norm() / (other - start).norm()))


def _in_double(given: Any) -> Any:
    """Return a tensor, or a list of features, in float64."""
    return given.double() if isinstance(given, torch.Tensor) else [one.double() for one in given]


def _doubled(batch: Any) -> Any:
    return batch._make(p.double() if p.is_floating_point() else p for p in batch)


def _weights(recipe: nn.Module) -> torch.Tensor:
    """Return all weights in one vector, without the biases of convolutions before a norm."""
    idle = set()
    for part in recipe.modules():
        for first, second in pairwise(part.children()):
            if type(second).__name__ == "InstanceNorm":
                idle.add(getattr(_last(first), "bias", None))
    return torch.cat([p.detach().flatten().double() for p in recipe.parameters() if p not in idle])


def _last(part: nn.Module) -> nn.Module:
    """Return the convolution itself, or the one that ends a small sequence."""
    return part[-1] if isinstance(part, nn.Sequential) else part
