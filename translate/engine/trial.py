"""Whether networks take crops of the size that is asked for, tried before any picture is read.

A recipe is built once more on PyTorch's meta device, where tensors have shapes and no numbers, and
looks at a blank batch. Only what PyTorch's layers say of images that become too small counts: what
else fails there may be for want of numbers, and training itself will tell.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple

from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook

from translate import images
from translate.batches import Layout
from translate.engine import distributed
from translate.engine.blank import META, Blank
from translate.engine.config import Config
from translate.engine.items import collate
from translate.engine.limits import too_small
from translate.errors import ConfigError
from translate.ops import seeded
from translate.registry import create

LARGER = (2, 4, 8, 16, 32)
"""times the size that are tried where the one asked for is too small"""


class Failure(NamedTuple):
    """What became too small, and where."""

    short: str
    """``size`` or ``batch_size``"""
    said: str
    layer: str


def expect_size(asked: Config, layout: Layout) -> None:
    """Raise `ConfigError` for crops, or batches, that are too small where larger ones would do.

    It names the layer, and the least crop of the same shape.
    """
    size, count = asked.data.crop, asked.train.batch_size // distributed.world()
    found = failure(asked, layout, size, count)
    if not isinstance(found, Failure):
        return
    if found.short == "batch_size":
        if failure(asked, layout, size, 2 * count) is None:
            raise ConfigError(
                f"train.batch_size: {asked.recipe} with these networks needs more than {count} at "
                f"a time: {found.said} (in {found.layer}). Try --batch-size "
                f"{2 * asked.train.batch_size}."
            )
        return
    fits = (f for f in LARGER if failure(asked, layout, _times(size, f), count) is None)
    if not (enough := next(fits, 0)):
        return
    too_few, least = enough // 2 * min(size), enough * min(size)
    while least - too_few > 1:
        middle = (too_few + least) // 2
        fine = failure(asked, layout, _times(size, middle / min(size)), count) is None
        too_few, least = (too_few, middle) if fine else (middle, least)
    height, width = _times(size, least / min(size))
    raise ConfigError(
        f"data.size: {asked.recipe} with these networks needs crops of {height}x{width} at least, "
        f"not {size[0]}x{size[1]}: {found.said} (in {found.layer})."
    )


def _times(size: tuple[int, int], factor: float) -> tuple[int, int]:
    return round(size[0] * factor), round(size[1] * factor)


def failure(
    asked: Config, layout: Layout, size: tuple[int, int], count: int
) -> Failure | Exception | None:
    """Return what happens to the first turn on a batch of `count` blank crops; None: it is fine."""
    with seeded(0), _watched() as entered:
        try:
            with META:
                options = {"name": asked.recipe, **asked.options}
                recipe = create("recipe", options, spec=replace(layout.spec, size=size))
            entered.append(recipe)
            next(recipe.train().step(_blank(layout, size, count)))
        except Exception as error:  # of whatever a stranger's code meets without numbers
            if not entered or not (short := too_small(error)):
                return error
            names = {module: name for name, module in recipe.named_modules()}
            layer = names.get(entered[-1]) or type(entered[-1]).__name__
            return Failure(short, str(error).splitlines()[0], layer)
    return None


@contextmanager
def _watched() -> Iterator[list[nn.Module]]:
    """Keep the modules that are called, the last one at the end."""
    entered: list[nn.Module] = []
    hook = register_module_forward_pre_hook(lambda module, _: entered.append(module))
    try:
        yield entered
    finally:
        hook.remove()


def _blank(layout: Layout, size: tuple[int, int], count: int) -> Any:
    """Return a batch as `layout` makes them, of crops in which there is nothing."""
    item = layout.load(layout.pick(0, Random(0)), Blank(size, layout.spec))
    batch, _ = collate([(item, [])] * count)
    moved = (part.to(META) for part in batch)
    return batch._make(images.to_device(p, META) if p.ndim == 4 else p for p in moved)
