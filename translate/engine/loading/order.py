"""The order of items in training, replacements for unreadable ones, and their batches."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.utils.data import Dataset, default_collate, get_worker_info

from translate.batches import Item, Layout, Transform
from translate.engine.loading.item_errors import item_error
from translate.engine.plugins.errors import RULES, plugin_code
from translate.errors import BadImage, ItemError, describe_error, short_repr

MAX_TRIES = 100
"""largest number of consecutive items that are tried for one position in a batch"""
UNBATCHED = Path("a batch")
"""the path in errors about items that do not form a batch"""
Key = tuple[int, int]
"""an epoch, and the index of an item"""
T = TypeVar("T")


def order(length: int, seed: int, epoch: int) -> list[int]:
    """Return the indices of all items, shuffled for one epoch."""
    indices = list(range(length))
    Random(f"{seed}/{epoch}").shuffle(indices)
    return indices


def spread(values: Sequence[T], limit: int | None) -> list[T]:
    """Return `limit` of `values` at equal distances, the first included; all for None or fewer."""
    count = min(limit or len(values), len(values))
    return [values[number * len(values) // count] for number in range(count)]


def chunks(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield `values` in slices of `size`; the last one may be shorter."""
    return (values[start : start + size] for start in range(0, len(values), size))


def item_rng(seed: int, epoch: int, index: int) -> Random:
    """Return the random number generator of one item in one epoch."""
    return Random(f"{seed}/{epoch}/{index}")


def batch_keys(
    steps: Iterable[int], length: int, seed: int, batch_size: int, positions: range
) -> Iterator[list[Key]]:
    """Yield for each step the keys of the items at `positions` of its batch.

    A batch may end one epoch and begin the next, so that no item is dropped.
    """
    current_epoch, indices = -1, list[int]()
    for step in steps:
        keys = []
        for position in positions:
            epoch, index = divmod(step * batch_size + position, length)
            if epoch != current_epoch:
                current_epoch, indices = epoch, order(length, seed, epoch)
            keys.append((epoch, indices[index]))
        yield keys


class Items(Dataset):
    """Items by key. If an item is unreadable, the next one replaces it, with the error."""

    def __init__(self, layout: Layout, transform: Callable[[Random], Transform], seed: int) -> None:
        self.layout, self.transform, self.seed = layout, transform, seed

    def __getitem__(self, key: Key) -> tuple[Any, list[BadImage]]:
        epoch, index = key
        bad_images: list[BadImage] = []
        for offset in range(MAX_TRIES):
            position = (index + offset) % len(self.layout)
            random = item_rng(self.seed, epoch, position)
            item = Item((), position)
            try:
                with plugin_code(self.layout, "pick"):
                    item = expect_item(self.layout.pick(position, random))
                with plugin_code(self.layout, "load"):
                    return self.layout.load(item, self.transform(random)), bad_images
            except BaseException as error:
                bad_images.append(item_error(item.names, error))
        return None, bad_images


def expect_item(item: Any) -> Item:
    """Return the result of a layout's `pick`; raises `TypeError` for anything but an `Item`."""
    if isinstance(item, Item) and isinstance(item.files, tuple):
        return item
    raise TypeError(f"pick returned {short_repr(item)}: expected an Item, such as Item((path,))")


def collate(items: Sequence[tuple[Any, list[BadImage]]]) -> tuple[Any, list[BadImage]]:
    """Return the batch of `items`, and the errors of all of them.

    The batch is None if an item is missing, or if the items do not form a batch. Then the last
    error has the reason.
    """
    bad_images = [bad_image for _, errors in items for bad_image in errors]
    values = [item for item, _ in items]
    if any(item is None for item in values):
        return None, bad_images
    reason = _difference(values)
    try:
        batch = None if reason else _stack(values)
    except (TypeError, ValueError, AttributeError, LookupError) as error:
        reason = describe_error(error)
    if not (reason := reason or _why_no_batch(batch)):
        return batch, bad_images
    message = (
        f"items of {type(values[0]).__name__} cannot be collated: {' '.join(reason.split())}. "
        f"Rule: {RULES['load']}; all items of a layout have equal shapes"
    )
    return None, [*bad_images, ItemError(UNBATCHED, message)]


def _stack(items: Sequence[Any]) -> Any:
    """Return the batch of `items`: named tuples of tensors, or what `default_collate` takes."""
    first = items[0]
    has_tensors = isinstance(first, tuple) and all(type(field) is Tensor for field in first)
    if not has_tensors or not hasattr(first, "_make") or get_worker_info():
        return default_collate([*items])  # in a worker, it stacks into shared memory
    return type(first)(*map(torch.stack, zip(*items, strict=True)))


def _difference(items: Sequence[Any]) -> str:
    """Return the difference in type or shape that prevents a batch of `items`, or ""."""
    first, *others = items
    for other in others:
        if type(other) is not type(first):
            return f"{type(first).__name__} and {type(other).__name__}"
        if isinstance(first, tuple):
            shapes = [[tuple(f.shape) for f in i if isinstance(f, Tensor)] for i in (first, other)]
            if shapes[0] != shapes[1]:
                return f"shapes {shapes[0]} and {shapes[1]}"
    return ""


def _why_no_batch(batch: Any) -> str:
    """Return why `batch` is no batch, or cannot be sent to another process; or ""."""
    if not (isinstance(batch, tuple) and hasattr(batch, "_make")):
        return f"a batch of {type(batch).__name__}"
    names: tuple[str, ...] = getattr(batch, "_fields", ())
    for name, field in zip(names, batch, strict=True):
        if not isinstance(field, Tensor):
            return f"{name!r} is not a tensor, but of {type(field).__name__}"
    kind = type(batch)
    is_at_top = getattr(sys.modules.get(kind.__module__), kind.__qualname__, None) is kind
    if get_worker_info() and not is_at_top:
        return f"{kind.__qualname__} is not defined at the top of its module"
    return ""
