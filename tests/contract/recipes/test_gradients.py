"""Gradients of recipes against finite differences, with constant parts."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from valid_recipe import ValidRecipe, register, require_broken

from translate.batches import Images, ImageSpec
from translate.contract.recipes.gradients import has_correct_gradients
from translate.contract.recipes.subject import make_subject
from translate.recipe import Recipe, Turn, adam


class Squares(Recipe[Images]):
    """Minimises the square of a product of two networks; one may be constant."""

    defaults = {"data": {"layout": "images"}}
    constant: Callable[[Tensor], Any] = staticmethod(lambda values: values)

    def __init__(self, spec: ImageSpec) -> None:  # noqa: ARG002
        super().__init__()
        self.one, self.other = nn.Conv2d(3, 1, 3), nn.Conv2d(3, 1, 3)

    def optimizers(self) -> dict[str, Optimizer]:
        return {"both": adam(self)}

    def step(self, batch: Images) -> Iterator[Turn]:
        product = self.one(batch.images) * self.constant(self.other(batch.images))
        yield Turn("both", square=product.square().mean())


class Detached(Squares):
    constant = staticmethod(lambda values: values.detach())


class WithoutGradient(Squares):
    def step(self, batch: Images) -> Iterator[Turn]:
        with torch.no_grad():
            scale = torch.empty(())
            torch.mean(self.other(batch.images), out=scale)
            scale.add_(1)
        yield Turn("both", square=(scale * self.one(batch.images)).square().mean())


class ItemOfATensor(Squares):
    constant = staticmethod(lambda values: values.mean().item())


def check_gradients(register_plugin: Callable[..., object], recipe: type[Recipe]) -> str | None:
    register(register_plugin, recipes={"squares": recipe})
    return has_correct_gradients(make_subject("squares", {}, None, None))


@pytest.mark.parametrize("recipe", [Squares, Detached, WithoutGradient])
def test_detached_values_count_as_constants(
    register_plugin: Callable[..., object], recipe: type[Recipe]
) -> None:
    assert check_gradients(register_plugin, recipe) is None


def test_a_number_read_from_a_tensor_is_not_constant(
    register_plugin: Callable[..., object],
) -> None:
    with pytest.raises(
        AssertionError, match=r"Turn of 'both': .* by autograd, .* by finite differences"
    ):
        check_gradients(register_plugin, ItemOfATensor)


class SinglePrecision(Squares):
    def step(self, batch: Images) -> Iterator[Turn]:
        yield Turn("both", mean=self.one(batch.images.float()).mean())


def test_a_recipe_of_single_precision_is_not_checked(
    register_plugin: Callable[..., object],
) -> None:
    assert "double precision" in (check_gradients(register_plugin, SinglePrecision) or "")
    assert torch.get_default_dtype() == torch.float32


class WeighsByItsOwnLoss(ValidRecipe):
    def step(self, batch):
        for turn in super().step(batch):
            yield Turn(turn.player, **{k: v * v.item() for k, v in turn.losses.items()})


BREAKS_GRADIENTS = {
    WeighsByItsOwnLoss: (
        has_correct_gradients,
        "Turn of '.*: .* by autograd, .* by finite differences",
    ),
}
"""recipes, the rule that each breaks, and the message for its author"""


@pytest.mark.parametrize("recipe", BREAKS_GRADIENTS, ids=lambda recipe: recipe.__name__)
def test_a_recipe_that_breaks_a_rule_of_gradients_gets_a_message(register_plugin, recipe) -> None:
    require_broken(register_plugin, recipe, *BREAKS_GRADIENTS[recipe])
