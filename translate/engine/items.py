"""Which item comes when, and what stands in for one that cannot be read: all without state."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random
from typing import Any

from torch.utils.data import Dataset, default_collate

from translate.batches import Layout, Transform
from translate.errors import BadImage

TRIES = 100
Key = tuple[int, int]
"""An epoch, and the index of an item."""


def order(length: int, seed: int, epoch: int) -> list[int]:
    """Return the items of one epoch, shuffled."""
    indices = list(range(length))
    Random(f"{seed}/{epoch}").shuffle(indices)
    return indices


def dice(seed: int, epoch: int, index: int) -> Random:
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
            random = dice(self.seed, epoch, place)
            try:
                files = self.layout.pick(place, random)
                return self.layout.load(files, self.transform(random)), met
            except BadImage as bad:
                met.append(bad)
        return None, met


def collate(items: Sequence[tuple[Any, list[BadImage]]]) -> tuple[Any, list[BadImage]]:
    """Return the batch of `items`, or None where one of them is missing, and all bad images met."""
    met = [bad for _, found in items for bad in found]
    if any(item is None for item, _ in items):
        return None, met
    return default_collate([item for item, _ in items]), met
