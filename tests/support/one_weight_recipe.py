"""A recipe with a single weight, which trains in milliseconds."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.optim import SGD, Optimizer

from translate.recipe import Recipe, Turn


class OneWeight(Recipe[Any]):
    """Trains one weight; a subclass translates."""

    def __init__(self, spec: Any) -> None:  # noqa: ARG002
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def optimizers(self) -> dict[str, Optimizer]:
        return {"player": SGD([self.weight], lr=0.1)}

    def step(self, batch: Any) -> Iterator[Turn]:
        yield Turn("player", loss=self.weight.sum() * batch.source.mean())
