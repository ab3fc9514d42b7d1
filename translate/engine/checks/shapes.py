"""Check that networks take crops of the configured size, before any image is read.

A recipe is built on PyTorch's meta device, where tensors have shapes and no values, and takes the
first turn of a step on a blank batch. Only PyTorch's errors about images that become too small
count here: other errors may come from the meta device, see `translate.engine.checks.parts`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
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
from translate.engine.system.memory import too_small
from translate.errors import ConfigError
from translate.images.tensors import to_device
from translate.nn.geometry import combine_geometries, geometry_of
from translate.nn.noise import temporary_seed
from translate.registry import create

MULTIPLES = (2, 4, 8, 16, 32)
"""multiples of the configured size to try if it is too small"""


class Failure(NamedTuple):
    """The first layer for which an image became too small."""

    setting: str
    """``size`` or ``batch_size``"""
    message: str
    layer: str


class Refusal(NamedTuple):
    """An error of a recipe's constructor, or of a network's `geometry`."""

    error: ConfigError


def expect_sides(config: Config, recipe: nn.Module) -> None:
    """Raise `ConfigError` for crops with sides that the geometry of `recipe` excludes."""
    size = config.data.crop
    needed = combine_geometries(*map(geometry_of, recipe.modules()))  # discriminators included
    if any(side != needed.fit(side) for side in size):
        raise ConfigError(
            f"data.size: {config.recipe} with these networks needs sides that divide by "
            f"{needed.multiple_of} and are at least {needed.minimum}, not "
            f"{'x'.join(map(str, size))}."
        )


def expect_size(config: Config, layout: Layout) -> None:
    """Raise `ConfigError` for crops or batches that are too small, if larger ones suffice.

    It names the layer, and the smallest sufficient crop with the same aspect ratio.
    """
    size, count = config.data.crop, batch_size(config)
    failed = failure(config, layout, size, count)
    if not isinstance(failed, Failure):
        return
    enough = sufficient_multiple(config, layout, failed)
    if not enough:
        return
    if failed.setting == "batch_size":
        raise ConfigError(
            f"train.batch_size: {config.recipe} with these networks needs more than {count} at "
            f"a time: {failed.message} (in {failed.layer}). Try --batch-size "
            f"{2 * config.train.batch_size}."
        )
    too_small, smallest = enough // 2 * min(size), enough * min(size)
    while smallest - too_small > 1:
        middle = (too_small + smallest) // 2
        suffices = failure(config, layout, _times(size, middle / min(size)), count) is None
        too_small, smallest = (too_small, middle) if suffices else (middle, smallest)
    height, width = _times(size, smallest / min(size))
    raise ConfigError(
        f"data.size: {config.recipe} with these networks needs crops of {height}x{width} at least, "
        f"not {size[0]}x{size[1]}: {failed.message} (in {failed.layer})."
    )


def sufficient_multiple(
    config: Config, layout: Layout, failed: Failure, *, turns: int | None = 1
) -> int:
    """Return the multiple of the size, or of the batch size, that suffices; 0 if none does."""
    size, count = config.data.crop, batch_size(config)

    def fits(size: tuple[int, int], count: int) -> bool:
        return failure(config, layout, size, count, turns=turns) is None

    if failed.setting == "batch_size":
        return 2 if fits(size, 2 * count) else 0
    return next((f for f in MULTIPLES if fits(_times(size, f), count)), 0)


def batch_size(config: Config) -> int:
    """Return the number of images in one microbatch of one process."""
    train = config.train
    return max(1, train.batch_size // (distributed.world_size() * train.accumulate))


def _times(size: tuple[int, int], factor: float) -> tuple[int, int]:
    return round(size[0] * factor), round(size[1] * factor)


def failure(
    config: Config,
    layout: Layout,
    size: tuple[int, int],
    count: int,
    device: torch.device = META,
    *,
    turns: int | None = 1,
) -> Failure | Refusal | Exception | None:
    """Return the failure of the first `turns` on a batch of `count` blank crops, or None.

    By default only the first turn: later ones may need values. None: the whole step.
    """
    with temporary_seed(0), _record_modules() as entered:
        try:
            with device:
                options = {"name": config.recipe, **config.options}
                recipe = create("recipe", options, spec=replace(layout.spec, size=size))
            expect_sides(config, recipe)
        except ConfigError as error:
            return Refusal(error)
        except Exception as error:
            return error
        entered.append(recipe)
        try:
            for _ in islice(recipe.train().step(_blank(layout, size, count, device)), turns):
                pass
        except Exception as error:  # a plugin's code may raise anything without values
            if not (short := too_small(error)):
                return error
            names = {module: name for name, module in recipe.named_modules()}
            layer = names.get(entered[-1]) or type(entered[-1]).__name__
            return Failure(short, str(error).splitlines()[0], layer)
    return None


@contextmanager
def _record_modules() -> Iterator[list[nn.Module]]:
    """Yield a list to which each module is appended when it is called."""
    entered: list[nn.Module] = []
    hook = register_module_forward_pre_hook(lambda module, _: entered.append(module))
    try:
        yield entered
    finally:
        hook.remove()


def _blank(layout: Layout, size: tuple[int, int], count: int, device: torch.device) -> Any:
    """Return a batch of the layout's type, of crops of zeros."""
    item = layout.load(layout.pick(0, Random(0)), Blank(size, layout.spec))
    batch, _ = collate([(item, [])] * count)
    moved = (torch.zeros_like(p, device=device) if p.is_meta else p.to(device) for p in batch)
    return batch._make(to_device(p, device) if p.ndim == 4 else p for p in moved)
