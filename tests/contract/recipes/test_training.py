"""The check of a recipe reports which rule of training the recipe breaks."""

import socket
import tempfile
from copy import deepcopy

import pytest
import torch
from torch import nn
from valid_recipe import ValidRecipe, assert_breaks, register_parts

from translate.contract.recipes.subject import make_subject
from translate.contract.recipes.training import (
    constructor_does_no_io,
    preview_has_no_side_effects,
    resumes_exactly,
    saves_all_state,
    takes_turns,
    updates_one_player,
)
from translate.recipe import Turn, adam


class ReadsAFile(ValidRecipe):
    def __init__(self, spec):
        super().__init__(spec)
        with tempfile.NamedTemporaryFile():
            pass


class UsesTheNetwork(ValidRecipe):
    def __init__(self, spec):
        super().__init__(spec)
        with socket.socket() as connection:
            connection.connect_ex(("127.0.0.1", 9))


class DrawsUnseeded(ValidRecipe):
    def __init__(self, spec):
        super().__init__(spec)
        generator = torch.Generator()
        generator.seed()
        nn.init.normal_(self.critic.weight, generator=generator)


class YieldsNothing(ValidRecipe):
    def step(self, batch):  # noqa: ARG002
        yield from ()


class YieldsALoss(ValidRecipe):
    def step(self, batch):
        yield self.generator(batch.source).mean()


class YieldsWithoutGrad(ValidRecipe):
    def step(self, batch):
        with torch.no_grad():
            yield Turn("generator", mean=self.generator(batch.source).mean())


class DividesByZero(ValidRecipe):
    def step(self, batch):
        yield Turn("generator", mean=self.generator(batch.source).mean() / 0)


class NamesAnUnknownPlayer(ValidRecipe):
    def step(self, batch):
        yield Turn("generater", mean=self.generator(batch.source).mean())


class MovesTheOtherPlayer(ValidRecipe):
    def step(self, batch):
        for turn in super().step(batch):
            yield turn
            with torch.no_grad():
                self.critic.weight += 0.1


class MovesBeforeItsTurn(ValidRecipe):
    def step(self, batch):
        with torch.no_grad():
            self.critic.weight.clamp_(-0.01, 0.01)
        yield from super().step(batch)


class NeverMovesTheCritic(ValidRecipe):
    def step(self, batch):
        yield next(iter(super().step(batch)))


class HidesANetwork(ValidRecipe):
    def __init__(self, spec):
        super().__init__(spec)
        self.hidden = [nn.Conv2d(3, 3, 1)]

    def optimizers(self):
        return {**super().optimizers(), "hidden": adam(*self.hidden)}


class ForgetsItsPool(ValidRecipe):
    def training_state(self):
        return {}

    def load_training_state(self, state):
        pass


class ForgetsACounter(ValidRecipe):
    count = 0

    def step(self, batch):
        self.count += 1
        for turn in super().step(batch):
            yield Turn(turn.player, **{k: v / self.count for k, v in turn.losses.items()})


class AveragesItsGenerator(ValidRecipe):
    """A recipe with a slow copy of a network, such as a teacher, that no optimizer updates."""

    def __init__(self, spec):
        super().__init__(spec)
        self.slow = deepcopy(self.generator).requires_grad_(False)

    def step(self, batch):
        yield from super().step(batch)
        with torch.no_grad():
            for slow, weights in zip(
                self.slow.parameters(), self.generator.parameters(), strict=True
            ):
                slow.lerp_(weights, 0.5)


class LoadsSomethingElse(ValidRecipe):
    def load_state_dict(self, state, *args, **kwargs):
        return super().load_state_dict({k: v * 2 for k, v in state.items()}, *args, **kwargs)


class PreviewsIntoThePool(ValidRecipe):
    def preview(self, batch):
        return {"pool": self.pool(self.generator(batch.source))}


class PreviewsAList(ValidRecipe):
    def preview(self, batch):
        return [batch.source]


class PreviewsANumber(ValidRecipe):
    def preview(self, batch):
        return {"mean": batch.source.mean()}


@pytest.mark.parametrize(
    ("recipe", "rule", "message"),
    [
        (ReadsAFile, constructor_does_no_io, "opened /.*: open files and connections at first use"),
        (UsesTheNetwork, constructor_does_no_io, "127.0.0.1"),
        (DrawsUnseeded, constructor_does_no_io, "critic.weight differs"),
        (YieldsNothing, takes_turns, "yielded nothing"),
        (YieldsALoss, takes_turns, r"expected Turn\(player"),
        (YieldsWithoutGrad, takes_turns, "YieldsWithoutGrad.step yields inside"),
        (DividesByZero, takes_turns, "generator/mean is -?inf"),
        (NamesAnUnknownPlayer, takes_turns, "no optimizer .* 'generater'. Did you mean 'gen"),
        (MovesTheOtherPlayer, updates_one_player, "critic.weight changed in the turn of 'gen"),
        (MovesBeforeItsTurn, updates_one_player, "critic.weight changed before the first turn"),
        (NeverMovesTheCritic, updates_one_player, "In 10 steps no weight of critic changed"),
        (HidesANetwork, updates_one_player, "'hidden' has weights that are not in the recipe"),
        (LoadsSomethingElse, saves_all_state, "differs from the saved one"),
        (ForgetsItsPool, resumes_exactly, "differs: state that a step keeps"),
        (ForgetsACounter, resumes_exactly, r"count differs \(2 instead of 4\): state that a step"),
        (PreviewsIntoThePool, preview_has_no_side_effects, "training_state pool has changed after"),
        (PreviewsANumber, preview_has_no_side_effects, r"The row 'mean' is Tensor \(\)"),
        (PreviewsAList, preview_has_no_side_effects, r"It returned list: return a dict"),
    ],
)
def test_a_recipe_that_breaks_a_rule_of_training_gets_its_message(
    register_plugin, recipe, rule, message
) -> None:
    assert_breaks(register_plugin, recipe, rule, message)


def test_a_step_may_average_weights_into_a_network_without_an_optimizer(register_plugin) -> None:
    register_parts(register_plugin, recipes={"averaging": AveragesItsGenerator})
    subject = make_subject("averaging", {}, None, None)
    updates_one_player(subject)
    resumes_exactly(subject)
