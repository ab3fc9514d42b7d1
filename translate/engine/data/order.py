"""Which item comes when, and what stands in for one that cannot be read: all without state."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from torch import Tensor
from torch.utils.data import Dataset, default_collate, get_worker_info

from translate.batches import Item, Layout, Transform
from translate.engine.plugins.errors import RULES, describe_unexpected, plugin_code
from translate.engine.processes.signals import reraise_interruption
from translate.errors import BadImage, ItemError, TranslateError, describe_error, short_repr

TRIES = 100
UNBATCHED = Path("a batch")
"""what is listed instead of a file where items do not go together"""
Key = tuple[int, int]
"""An epoch, and the index of an item."""


def order(length: int, seed: int, epoch: int) -> list[int]:
    """Return the items of one epoch, shuffled."""
    indices = list(range(length))
    Random(f"{seed}/{epoch}").shuffle(indices)
    return indices


def item_rng(seed: int, epoch: int, index: int) -> Random:
    """Return the random numbers of one item in one epoch."""
    return Random(f"{seed}/{epoch}/{index}")


def batch_keys(
    steps: Iterable[int], length: int, seed: int, batch_size: int, own: range
) -> Iterator[list[Key]]:
    """Yield the keys of each step's batch, those at its `own` places; nothing is ever dropped."""
    current, indices = -1, list[int]()
    for step in steps:
        keys = []
        for position in own:
            epoch, place = divmod(step * batch_size + position, length)
            if epoch != current:
                current, indices = epoch, order(length, seed, epoch)
            keys.append((epoch, indices[place]))
        yield keys


class Items(Dataset):
    """Items by key, each with the bad images met on the way, as values: a worker raises nothing."""

    def __init__(self, layout: Layout, transform: Callable[[Random], Transform], seed: int) -> None:
        self.layout, self.transform, self.seed = layout, transform, seed

    def __getitem__(self, key: Key) -> tuple[Any, list[BadImage]]:
        epoch, index = key
        met: list[BadImage] = []
        for other in range(TRIES):
            place = (index + other) % len(self.layout)
            random = item_rng(self.seed, epoch, place)
            item = Item((), place)
            try:
                with plugin_code(self.layout, "pick"):
                    item = expect_item(self.layout.pick(place, random))
                with plugin_code(self.layout, "load"):
                    return self.layout.load(item, self.transform(random)), met
            except BadImage as bad:
                met.append(bad)
            except BaseException as error:
                reraise_interruption(error)
                met.append(item_error(item.names, error))
        return None, met


def expect_item(item: Any) -> Item:
    """Return what a layout has picked; raises `TypeError` for anything but an `Item`."""
    if isinstance(item, Item) and isinstance(item.files, tuple):
        return item
    raise TypeError(f"pick returned {short_repr(item)}: expected an Item, such as Item((path,))")


def item_error(names: Sequence[Path | str], error: BaseException) -> ItemError:
    """Return what is listed where the item of these `names` raised an unexpected exception."""
    reason = str(error) if isinstance(error, TranslateError) else describe_unexpected(error)
    first, *others = map(str, names)
    more = f" (with {', '.join(others)})" if others else ""
    return ItemError(Path(first), f"{reason}{more}")


def collate(items: Sequence[tuple[Any, list[BadImage]]]) -> tuple[Any, list[BadImage]]:
    """Return the batch of `items`, or None where one of them is missing, and all bad images met.

    Where items do not go together there is no batch, and the last of what was met says why.
    """
    met = [bad for _, found in items for bad in found]
    if any(item is None for item, _ in items):
        return None, met
    made = [item for item, _ in items]
    wrong = _unlike(made)
    try:
        batch = None if wrong else default_collate(made)
    except (TypeError, ValueError, AttributeError, LookupError) as error:
        wrong = describe_error(error)
    if wrong := wrong or _wrong(batch):
        return None, [*met, _unbatched(made[0], wrong)]
    return batch, met


def _unlike(items: Sequence[Any]) -> str:
    """Return why `items` are too unlike for one batch, or nothing."""
    first, *others = items
    for other in others:
        if type(other) is not type(first):
            return f"{type(first).__name__} and {type(other).__name__}"
        if isinstance(first, tuple):
            shapes = [[tuple(p.shape) for p in i if isinstance(p, Tensor)] for i in (first, other)]
            if shapes[0] != shapes[1]:
                return f"shapes {shapes[0]} and {shapes[1]}"
    return ""


def _wrong(batch: Any) -> str:
    """Return why `batch` is none, or is none that another process can hand over; or nothing."""
    if not (isinstance(batch, tuple) and hasattr(batch, "_make")):
        return f"a batch of {type(batch).__name__}"
    names: tuple[str, ...] = getattr(batch, "_fields", ())
    for name, part in zip(names, batch, strict=True):
        if not isinstance(part, Tensor):
            return f"{name!r} is no tensor, but of {type(part).__name__}"
    kind = type(batch)
    found = getattr(sys.modules.get(kind.__module__), kind.__qualname__, None)
    if get_worker_info() and found is not kind:
        return f"{kind.__qualname__} is not defined at the top of its module"
    return ""


def _unbatched(item: Any, why: str) -> ItemError:
    reason = " ".join(why.split())
    return ItemError(
        UNBATCHED,
        f"items of {type(item).__name__} do not go together: {reason}. Rule: {RULES['load']}; all "
        "items of a layout have equal shapes",
    )
