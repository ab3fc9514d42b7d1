"""The check of a recipe finds turns that differ between processes, and gradients not averaged."""

import pytest
import torch.distributed as dist
from torch import Tensor
from valid_recipe import ValidRecipe, assert_breaks, register_parts

from translate.contract import kinds
from translate.contract.recipes import processes
from translate.contract.recipes.processes import averages_gradients
from translate.contract.recipes.subject import make_subject
from translate.engine.optimization import player_update
from translate.recipe import Turn


class TurnsDependOnTheImages(ValidRecipe):
    def step(self, batch):
        yield from super().step(batch)
        if batch.source.mean() > batch.target.mean():
            yield Turn("generator", mean=self.generator(batch.source).mean())


class ScalesByRank(ValidRecipe):
    def step(self, batch):
        scale = 1 + dist.get_rank() if dist.is_initialized() else 1
        yield Turn("critic", mean=scale * self.critic(batch.target).mean())
        yield Turn("generator", mean=self.generator(batch.source).mean())


needs_fork = pytest.mark.skipif(
    not processes.can_fork(), reason="without fork, a process has no plugin of a test"
)


@needs_fork
@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (TurnsDependOnTheImages, "The player of a turn depends on the images"),
        (ScalesByRank, "is not the mean of the gradients of both processes"),
    ],
)
def test_a_recipe_that_breaks_data_parallel_training_gets_a_message(
    register_plugin, monkeypatch, recipe, message
) -> None:
    monkeypatch.setattr(processes, "TIMEOUT", 6)
    assert_breaks(register_plugin, recipe, averages_gradients, message)


@needs_fork
def test_gradients_that_are_not_averaged_are_found(register_plugin, monkeypatch) -> None:
    monkeypatch.setattr(player_update, "average_gradients", lambda _parameters, loss: loss)
    message = "gradient 0 differs between the processes"
    assert_breaks(register_plugin, ValidRecipe, averages_gradients, message)


@needs_fork
def test_gradients_that_are_summed_are_found(register_plugin, monkeypatch) -> None:
    average_gradients = player_update.average_gradients

    def sum_gradients(parameters: list[Tensor], loss: Tensor) -> Tensor:
        mean = average_gradients(parameters, loss)
        for parameter in parameters:
            parameter.grad *= 2
        return mean

    monkeypatch.setattr(player_update, "average_gradients", sum_gradients)
    message = "is not the mean of the gradients of both processes"
    assert_breaks(register_plugin, ValidRecipe, averages_gradients, message)


def test_without_fork_only_installed_plugins_are_checked(register_plugin, monkeypatch) -> None:
    monkeypatch.setattr(processes, "can_fork", lambda: False)
    register_parts(register_plugin, recipes={"valid": ValidRecipe})
    note = averages_gradients(make_subject("valid", {}, None, None))
    assert note == "its plugin is not installed, so another process cannot load it"


@pytest.mark.slow
def test_without_fork_an_installed_plugin_is_checked_in_new_processes(monkeypatch) -> None:
    monkeypatch.setattr(processes, "can_fork", lambda: False)
    cyclegan = make_subject("cyclegan", kinds.small_options("recipe", "cyclegan"), None, None)
    assert averages_gradients(cyclegan) is None
