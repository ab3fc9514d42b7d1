"""A recipe of two players with one weight each; its steps can be computed by hand."""

import math

import torch
from torch import nn
from torch.optim import SGD

from translate.engine.optimization.step import StepResult, take_turns
from translate.recipe import Recipe, Turn


class ScalarPlayers(Recipe):
    """Two scalar players: ``generator``, a generator, and ``critic``, which scores its output."""

    def __init__(self) -> None:
        super().__init__()
        self.generator, self.critic = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
        with torch.no_grad():
            self.generator.weight.fill_(2.0)
            self.critic.weight.fill_(3.0)

    def optimizers(self):
        return {
            "generator": SGD(self.generator.parameters(), lr=0.1),
            "critic": SGD(self.critic.parameters(), lr=0.1),
        }

    def step(self, batch):
        fake = self.generator(batch)
        yield Turn("generator", score=self.critic(fake), size=0.5 * fake.square())
        yield Turn("critic", score=-self.critic(self.generator(batch)))

    @property
    def weights(self) -> tuple[float, float]:
        return self.generator.weight.item(), self.critic.weight.item()


ONE = torch.ones(1, 1)


def take_one_step(recipe: Recipe, *, optimizers=None, batch=ONE, **options):
    """Take one step of `recipe`."""
    return take_turns(recipe, batch, optimizers or recipe.optimizers(), **options)


def skipped_turns(result: StepResult) -> dict[str, list[bool]]:
    """Return for each turn of each player whether it was skipped."""
    return {player: [bool(turn) for turn in turns] for player, turns in result.skipped.items()}


def recipe_of_step(step, **members) -> ScalarPlayers:
    """Return a recipe of class ``Scalars``: two players with this `step`, and other members."""
    return type("Scalars", (ScalarPlayers,), {"step": step, **members})()


def infinite_step(self, batch):
    """Yield a first turn with an infinite loss."""
    yield Turn("generator", score=self.critic(self.generator(batch)) * math.inf)
    yield Turn("critic", score=-self.critic(self.generator(batch)))
