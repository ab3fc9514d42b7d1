"""A recipe of two players with a weight each; their losses can be made NaN at a step."""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from translate.batches import Images, ImageSpec
from translate.nn.modes import Progressive
from translate.recipe import Recipe, Turn, adam


class Scheduled(Progressive):
    """A part that depends on the progress of training."""


class TwoPlayers(Recipe[Images]):
    """Two players with a weight each; `bad` makes losses NaN, by step and player."""

    defaults = {"data": {"layout": "images"}}
    bad: dict[int, set[str]] = {}
    seen: list[Any] = []

    def __init__(self, spec: ImageSpec, *, fused: bool = True) -> None:  # noqa: ARG002
        super().__init__()
        self.one, self.two, self.fading = nn.Linear(1, 1), nn.Linear(1, 1), Scheduled()
        self.fused = fused

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        if self.fused:
            return {"one": adam(self.one, lr=0.1), "two": adam(self.two, lr=0.1)}
        plain = torch.optim.Adam(self.one.parameters(), 0.1, foreach=False)
        return {"one": plain, "two": torch.optim.SGD(self.two.parameters(), 0.1)}

    def step(self, batch: Images) -> Iterator[Turn]:
        level = batch.images.mean().reshape(1)
        type(self).seen.append((self.iteration, self.fading.progress, level.item()))
        for player in ("one", "two"):
            factor = math.nan if player in self.bad.get(self.iteration, ()) else 1.0
            yield Turn(player, distance=factor * (getattr(self, player)(level) - 1) ** 2)

    def preview(self, batch: Images) -> dict[str, Tensor]:
        return {"source": batch.images, "negative": -batch.images}
