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
    """A module with the attribute `progress` of training."""


class TwoPlayers(Recipe[Images]):
    """Two players with a weight each."""

    defaults = {"data": {"layout": "images"}}
    nan_losses: dict[int, set[str]] = {}
    """the players with a loss that is NaN, by step"""
    taken_steps: list[Any] = []
    """iteration, progress and mean of the images of each step"""

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
        type(self).taken_steps.append((self.iteration, self.fading.progress, level.item()))
        for player in ("one", "two"):
            factor = math.nan if player in self.nan_losses.get(self.iteration, ()) else 1.0
            yield Turn(player, distance=factor * (getattr(self, player)(level) - 1) ** 2)

    def preview(self, batch: Images) -> dict[str, Tensor]:
        return {"source": batch.images, "negative": -batch.images}
