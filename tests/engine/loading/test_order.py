"""The order of items and their random numbers depend only on the seed, the epoch and the item."""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import torch
from small_data import checked_data

from translate.batches import Images, ImageSpec, Item, Layout
from translate.engine.config.schema import Data
from translate.engine.loading import order


class RandomNumbers(Layout):
    """A layout with a random number as the image of each item."""

    batch = Images

    def __init__(self, count: int) -> None:
        self.count, self.files, self.spec = count, [], ImageSpec()

    def __len__(self) -> int:
        return self.count

    def pick(self, index: int, random: Random) -> Item:  # noqa: ARG002
        return Item((), random.random())

    def load(self, item: Item, transform: Any) -> Images:
        return Images(torch.tensor([item.key, transform]))


def draw_numbers(seed: int, keys: Sequence[tuple[int, int]]) -> list[tuple[float, ...]]:
    """Return two numbers for each item: those that the layout and the transform draw."""
    items = order.Items(RandomNumbers(4), lambda random: random.random(), seed)  # type: ignore[arg-type,return-value]
    return [tuple(items[key][0].images.tolist()) for key in keys]


def test_random_numbers_depend_on_seed_epoch_and_item_alone() -> None:
    keys = [(epoch, index) for epoch in range(3) for index in range(4)]
    numbers = draw_numbers(0, keys)
    assert draw_numbers(0, keys[::-1])[::-1] == numbers
    distinct = {number for pair in (*numbers, *draw_numbers(1, keys)) for number in pair}
    assert len(distinct) == 2 * 2 * len(keys)


def test_every_item_occurs_once_an_epoch_and_epochs_differ() -> None:
    keys = [key for batch in order.batch_keys(range(10), 5, 0, 3, range(3)) for key in batch]
    assert [epoch for epoch, _ in keys] == [position // 5 for position in range(30)]
    epochs = [[index for epoch, index in keys if epoch == number] for number in range(6)]
    assert all(sorted(epoch) == list(range(5)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1
    assert order.order(5, 0, 1) == epochs[1] != order.order(5, 1, 1)


def test_the_next_item_replaces_an_unreadable_one(
    data_config: Callable[..., Data], tmp_path: Path
) -> None:
    settings = data_config(cache=0, layout="images", domains=("a",))
    dataset = checked_data(settings)
    items = order.Items(dataset.layout, dataset.augment.item, 7)
    expected, _ = items[3, 3]
    (tmp_path / "a/train/0002.png").unlink()
    replacement, (error,) = items[3, 2]
    assert torch.equal(replacement.images, expected.images)
    assert error.reason == "not there"
