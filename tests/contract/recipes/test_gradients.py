"""Gradients of recipes are compared with finite differences; detached values are constants."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from valid_recipe import ValidRecipe, register_parts

from translate.batches import Images, ImageSpec
from translate.contract.recipes.gradients import has_correct_gradients
from translate.contract.recipes.subject import make_subject
from translate.recipe import Recipe, Turn, adam


class ProductOfNetworks(Recipe[Images]):
    """Minimizes the square of the product of two networks; `detach` is applied to the second."""

    defaults = {"data": {"layout": "images"}}
    detach: Callable[[Tensor], Any] = staticmethod(lambda values: values)

    def __init__(self, spec: ImageSpec) -> None:  # noqa: ARG002
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 1, 3), nn.Conv2d(3, 1, 3)

    def optimizers(self) -> dict[str, Optimizer]:
        return {"both": adam(self)}

    def step(self, batch: Images) -> Iterator[Turn]:
        product = self.first(batch.images) * self.detach(self.second(batch.images))
        yield Turn("both", square=product.square().mean())


class Detaches(ProductOfNetworks):
    detach = staticmethod(lambda values: values.detach())


class WithoutGradient(ProductOfNetworks):
    def step(self, batch: Images) -> Iterator[Turn]:
        with torch.no_grad():
            scale = torch.empty(())
            torch.mean(self.second(batch.images), out=scale)
            scale.add_(1)
        yield Turn("both", square=(scale * self.first(batch.images)).square().mean())


class ReadsANumber(ProductOfNetworks):
    detach = staticmethod(lambda values: values.mean().item())


def check_gradients(register_plugin, recipe: type[Recipe]) -> str | None:
    register_parts(register_plugin, recipes={"tested": recipe})
    return has_correct_gradients(make_subject("tested", {}, None, None))


@pytest.mark.parametrize("recipe", [ProductOfNetworks, Detaches, WithoutGradient])
def test_detached_values_count_as_constants(register_plugin, recipe: type[Recipe]) -> None:
    assert check_gradients(register_plugin, recipe) is None


class WeighsByItsOwnLoss(ValidRecipe):
    def step(self, batch):
        for turn in super().step(batch):
            yield Turn(turn.player, **{k: v * v.item() for k, v in turn.losses.items()})


@pytest.mark.parametrize("recipe", [ReadsANumber, WeighsByItsOwnLoss])
def test_a_number_read_from_a_tensor_is_not_constant(register_plugin, recipe: type[Recipe]) -> None:
    message = r"Turn of '.*': .* by autograd, .* by finite differences"
    with pytest.raises(AssertionError, match=message):
        check_gradients(register_plugin, recipe)


class SinglePrecision(ProductOfNetworks):
    def step(self, batch: Images) -> Iterator[Turn]:
        yield Turn("both", mean=self.first(batch.images.float()).mean())


def test_a_recipe_of_single_precision_is_not_checked(register_plugin) -> None:
    assert "double precision" in (check_gradients(register_plugin, SinglePrecision) or "")
    assert torch.get_default_dtype() == torch.float32
