"""Which item comes when, and with which random numbers: pure functions of seed, epoch and index."""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import torch

from translate.batches import Images, ImageSpec, Layout
from translate.engine.items import Items, batch_keys, dice, order


class Drawing(Layout):
    """Items whose picture is the random number that the layout draws."""

    def __init__(self, count: int) -> None:
        self.count, self.files, self.spec = count, [], ImageSpec()

    def __len__(self) -> int:
        return self.count

    def pick(self, index: int, random: Random) -> tuple[Path, ...]:  # noqa: ARG002
        return (Path(str(random.random())),)

    def load(self, files: tuple[Path, ...], transform: Any) -> Images:
        return Images(torch.tensor([float(str(files[0])), transform]))


def drawn(seed: int, keys: Sequence[tuple[int, int]]) -> list[tuple[float, ...]]:
    items = Items(Drawing(4), lambda random: random.random(), seed)  # type: ignore[arg-type,return-value]
    return [tuple(items[key][0].images.tolist()) for key in keys]


def test_random_numbers_of_an_item_differ_by_run_epoch_and_item_and_by_nothing_else() -> None:
    keys = [(epoch, index) for epoch in range(3) for index in range(4)]
    first, again, other = drawn(0, keys), drawn(0, keys[::-1])[::-1], drawn(1, keys)
    assert first == again
    everything = [number for pair in (*first, *other) for number in pair]
    assert len(set(everything)) == len(everything)
    states = {dice(seed, epoch, i).random() for seed in (0, 1) for epoch in (0, 1) for i in (0, 1)}
    assert len(states) == 8


def test_each_epoch_of_each_run_has_an_order_of_its_own_with_every_item_once() -> None:
    orders = [tuple(order(20, seed, epoch)) for seed in (0, 1) for epoch in (0, 1)]
    assert len(set(orders)) == 4
    assert all(sorted(found) == list(range(20)) for found in orders)
    (first, second) = batch_keys([0, 1], 3, 0, 2, range(2))
    assert [epoch for epoch, _ in (*first, *second)] == [0, 0, 0, 1]
