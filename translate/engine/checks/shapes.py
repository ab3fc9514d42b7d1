"""Check that networks take crops of the configured size, before any image is read.

A recipe is built on PyTorch's meta device, where tensors have shapes and no values, and takes the
first turn of a step on a blank batch. Only PyTorch's errors about images that become too small are
reported: the meta device may cause others, see `translate.engine.checks.parts`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from random import Random
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook

from translate.batches import Layout
from translate.engine.config.schema import Config
from translate.engine.data.blank import META, Blank
from translate.engine.loading.order import collate
from translate.engine.processes import distributed
from translate.engine.system.memory import setting_to_increase
from translate.errors import ConfigError
from translate.images.tensors import to_device
from translate.nn.geometry import combine_geometries, geometry_of
from translate.nn.noise import temporary_seed
from translate.registry import create

MULTIPLES = (2, 4, 8, 16, 32)
"""multiples of the configured size to try if it is too small"""


class TooSmall(NamedTuple):
    """The first layer that got a too small image."""

    setting: str
    """the setting to increase: ``size`` or ``batch_size``"""
    message: str
    layer: str


class Refusal(NamedTuple):
    """An error of a recipe's constructor, or of a network's `geometry`."""

    error: ConfigError


def check_crop_geometry(config: Config, recipe: nn.Module) -> None:
    """Raise `ConfigError` for crops with sides that the geometry of `recipe` excludes."""
    size = config.data.crop
    geometry = combine_geometries(*map(geometry_of, recipe.modules()))  # discriminators included
    if any(side != geometry.fit(side) for side in size):
        raise ConfigError(
            f"data.size: {config.recipe} with these networks needs sides that divide by "
            f"{geometry.multiple_of} and are at least {geometry.minimum}, not "
            f"{'x'.join(map(str, size))}."
        )


def check_crop_size(config: Config, layout: Layout) -> None:
    """Raise `ConfigError` for crops or batches that are too small, if larger ones succeed.

    The error names the layer, and the smallest sufficient crop with the same aspect ratio.
    """
    trial, size = Trial(config, layout), config.data.crop
    failure = trial.failure()
    if not isinstance(failure, TooSmall) or not (multiple := trial.sufficient_multiple(failure)):
        return
    if failure.setting == "batch_size":
        raise ConfigError(
            f"train.batch_size: {config.recipe} with these networks needs more than {trial.count} "
            f"at a time: {failure.message} (in {failure.layer}). Try --batch-size "
            f"{2 * config.train.batch_size}."
        )
    shorter_side = min(size)
    insufficient, sufficient = multiple // 2 * shorter_side, multiple * shorter_side
    while sufficient - insufficient > 1:
        middle = (insufficient + sufficient) // 2
        if trial.failure(_scale_size(size, middle / shorter_side)) is None:
            sufficient = middle
        else:
            insufficient = middle
    height, width = _scale_size(size, sufficient / shorter_side)
    raise ConfigError(
        f"data.size: {config.recipe} with these networks needs crops of {height}x{width} at least, "
        f"not {size[0]}x{size[1]}: {failure.message} (in {failure.layer})."
    )


@dataclass(frozen=True)
class Trial:
    """The first turns of a recipe on a batch of blank crops."""

    config: Config
    layout: Layout
    device: torch.device = META
    turns: int | None = 1
    """number of turns to take: later turns may need values of tensors; None: the whole step"""

    @property
    def count(self) -> int:
        """The number of images in one microbatch of one process."""
        train = self.config.train
        return max(1, train.batch_size // (distributed.world_size() * train.accumulate))

    def sufficient_multiple(self, failure: TooSmall) -> int:
        """Return the multiple of the size, or of the batch size, that succeeds; 0 if none does."""
        if failure.setting == "batch_size":
            return 2 if self.failure(count=2 * self.count) is None else 0
        size = self.config.data.crop
        return next((f for f in MULTIPLES if self.failure(_scale_size(size, f)) is None), 0)

    def failure(
        self, size: tuple[int, int] | None = None, count: int | None = None
    ) -> TooSmall | Refusal | Exception | None:
        """Return the failure of the turns, or None.

        By default, `size` and `count` are those of the configured crops in a microbatch.
        """
        size, config = size or self.config.data.crop, self.config
        with temporary_seed(0), _record_modules() as called_modules:
            try:
                with self.device:
                    options = {"name": config.recipe, **config.options}
                    recipe = create("recipe", options, spec=replace(self.layout.spec, size=size))
                check_crop_geometry(config, recipe)
            except ConfigError as error:
                return Refusal(error)
            except Exception as error:
                return error
            called_modules.append(recipe)
            try:
                batch = _blank_batch(self.layout, size, count or self.count, self.device)
                for _ in islice(recipe.train().step(batch), self.turns):
                    pass
            except Exception as error:  # a plugin's code may raise anything without values
                if not (setting := setting_to_increase(error)):
                    return error
                names = {module: name for name, module in recipe.named_modules()}
                layer = names.get(called_modules[-1]) or type(called_modules[-1]).__name__
                return TooSmall(setting, str(error).splitlines()[0], layer)
        return None


def _scale_size(size: tuple[int, int], factor: float) -> tuple[int, int]:
    return round(size[0] * factor), round(size[1] * factor)


@contextmanager
def _record_modules() -> Iterator[list[nn.Module]]:
    """Yield a list; each module is appended to it when it is called."""
    called_modules: list[nn.Module] = []
    hook = register_module_forward_pre_hook(lambda module, _: called_modules.append(module))
    try:
        yield called_modules
    finally:
        hook.remove()


def _blank_batch(layout: Layout, size: tuple[int, int], count: int, device: torch.device) -> Any:
    """Return a batch of the layout's type with images of zeros."""
    item = layout.load(layout.pick(0, Random(0)), Blank(size, layout.spec))
    batch, _ = collate([(item, [])] * count)
    fields = (torch.zeros_like(f, device=device) if f.is_meta else f.to(device) for f in batch)
    return batch._make(to_device(f, device) if f.ndim == 4 else f for f in fields)
