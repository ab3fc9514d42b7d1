"""A broken rule of `yield` in a step is named, with its line and what to change.

The steps are functions that `recipe_of_step` makes the method of a recipe called ``Scalars``.
"""

import pytest
import torch
from scalar_players import ScalarPlayers, recipe_of_step, take_one_step

from translate.errors import PluginError
from translate.recipe import Turn


def test_an_unknown_player_is_refused_with_the_nearest_name() -> None:
    def step(self, batch):
        yield Turn("generatr", score=self.generator(batch))

    with pytest.raises(
        PluginError, match=r"no optimizer is called 'generatr'\. Did you mean 'generator'"
    ):
        take_one_step(recipe_of_step(step))


def test_a_yield_without_a_turn_is_refused() -> None:
    def step(self, batch):
        yield self.generator(batch)

    with pytest.raises(PluginError, match=r"Scalars.step yielded tensor.*: expected Turn"):
        take_one_step(recipe_of_step(step))


def yields_in_no_grad(self, batch):
    with torch.no_grad():
        yield Turn("generator", score=self.generator(batch))


def yields_in_inference_mode(self, batch):
    with torch.inference_mode():
        yield Turn("generator", score=self.generator(batch))


def yields_in_autocast(self, batch):
    with torch.autocast("cpu", torch.bfloat16):
        yield Turn("generator", score=self.generator(batch))


def disables_gradients_before_the_yield(self, batch):
    torch.set_grad_enabled(False)
    yield Turn("generator", score=self.generator(batch))


def disables_gradients_after_the_yield(self, batch):
    yield Turn("generator", score=self.generator(batch))
    torch.set_grad_enabled(False)


@pytest.mark.parametrize(
    "step",
    [
        yields_in_no_grad,
        yields_in_inference_mode,
        yields_in_autocast,
        disables_gradients_before_the_yield,
        disables_gradients_after_the_yield,
    ],
)
def test_a_step_that_yields_in_another_mode_of_torch_is_refused_and_the_mode_is_restored(
    step,
) -> None:
    # one message for all modes: it names the two most frequent ones
    message = r"Scalars.step yields inside `with torch.no_grad\(\)` or `autocast`"
    with pytest.raises(PluginError, match=message):
        take_one_step(recipe_of_step(step))
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()
    assert not torch.is_autocast_enabled("cpu")
    take_one_step(ScalarPlayers())  # and the next recipe can train


def test_modes_that_begin_and_end_between_yields_are_accepted() -> None:
    def step(self, batch):
        with torch.no_grad():
            self.generator(batch)
        with torch.autocast("cpu", torch.bfloat16):
            score = self.generator(batch)
        yield Turn("generator", score=score)
        with torch.no_grad():
            self.generator.weight.clamp_(-0.5, 0.5)

    recipe = recipe_of_step(step)
    take_one_step(recipe)
    generator_weight, _ = recipe.weights
    assert generator_weight == 0.5  # it was 2 before: the code after the yield has run


def test_a_loss_computed_before_an_update_is_explained() -> None:
    def step(self, batch):
        fake = self.generator(batch)
        score = self.critic(fake)  # depends on weights that the next turn updates
        yield Turn("critic", score=-self.critic(fake.detach()))
        yield Turn("generator", score=score)

    with pytest.raises(PluginError, match=r"Scalars, turn of 'generator': a network was updated"):
        take_one_step(recipe_of_step(step))


def test_a_graph_that_two_turns_share_is_explained() -> None:
    def step(self, batch):
        score = self.critic(self.generator(batch))
        yield Turn("generator", score=score)
        yield Turn("generator", score=score)

    with pytest.raises(PluginError, match="turn of 'generator': two turns use one autograd graph"):
        take_one_step(recipe_of_step(step))


def test_a_loss_without_a_graph_is_explained() -> None:
    def step(self, batch):
        yield Turn("generator", score=self.generator(batch).detach())

    with pytest.raises(PluginError, match="turn of 'generator': no loss depends on any network"):
        take_one_step(recipe_of_step(step))


def test_G12_an_error_in_a_recipe_names_its_line_and_keeps_its_traceback() -> None:
    def step(self, batch):
        yield Turn("generator", score=self.generator(torch.cat([batch, batch], 1)))

    with pytest.raises(PluginError, match="mat1 and mat2 shapes cannot be multiplied") as error:
        take_one_step(recipe_of_step(step))
    line = step.__code__.co_firstlineno + 1
    assert f"{__file__}, line {line}: `yield Turn(" in str(error.value)
    assert isinstance(error.value.__cause__, RuntimeError)


def test_G12_a_step_without_a_yield_is_refused_with_its_line() -> None:
    def returns_a_turn(self, batch):
        return Turn("generator", score=self.generator(batch))

    def returns_nothing(self, batch):
        self.generator(batch)

    for step in (returns_a_turn, returns_nothing):
        with pytest.raises(PluginError, match="a step must yield a Turn") as error:
            take_one_step(recipe_of_step(step))
        assert f"{__file__}, line {step.__code__.co_firstlineno}" in str(error.value)


def test_G12_a_loss_that_is_not_a_tensor_names_the_line_of_the_yield() -> None:
    def step(self, batch):
        self.generator(batch)
        yield Turn("generator", score="low")

    with pytest.raises(PluginError, match="no tensor to minimize") as error:
        take_one_step(recipe_of_step(step))
    assert f"line {step.__code__.co_firstlineno + 2}" in str(error.value)
