"""A recipe of two scalar players, with steps that can be computed by hand."""

import math

import torch
from torch import nn
from torch.optim import SGD

from translate.engine.optimization.step import StepResult, take_turns
from translate.recipe import Recipe, Turn


class ScalarPlayers(Recipe):
    """Two scalar players: ``maker``, a generator, and ``judge``, which scores its output."""

    def __init__(self) -> None:
        super().__init__()
        self.maker, self.judge = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
        with torch.no_grad():
            self.maker.weight.fill_(2.0)
            self.judge.weight.fill_(3.0)

    def optimizers(self):
        return {
            "maker": SGD(self.maker.parameters(), lr=0.1),
            "judge": SGD(self.judge.parameters(), lr=0.1),
        }

    def step(self, batch):
        fake = self.maker(batch)
        yield Turn("maker", score=self.judge(fake), size=0.5 * fake.square())
        yield Turn("judge", score=-self.judge(self.maker(batch)))

    @property
    def weights(self) -> tuple[float, float]:
        return self.maker.weight.item(), self.judge.weight.item()


ONE = torch.ones(1, 1)


def take_one_step(recipe: Recipe, *, optimizers=None, batch=ONE, **options):
    """Take one step of `recipe`."""
    return take_turns(recipe, batch, optimizers or recipe.optimizers(), **options)


def skipped(result: StepResult) -> dict[str, list[bool]]:
    """Return the skipped turns as plain values."""
    return {player: [bool(bad) for bad in turns] for player, turns in result.skipped.items()}


def with_step(step, **members) -> ScalarPlayers:
    """Return the recipe with another step."""
    return type("Scalars", (ScalarPlayers,), {"step": step, **members})()


def blow_up(self, batch):
    """Yield a first turn whose loss is infinite."""
    yield Turn("maker", score=self.judge(self.maker(batch)) * math.inf)
    yield Turn("judge", score=-self.judge(self.maker(batch)))
