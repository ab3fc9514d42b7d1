"""Turns, recipes and their optimizers."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from translate.errors import TranslateError
from translate.nn.geometry import Geometry
from translate.nn.latents import Prior
from translate.nn.pools import ImagePool
from translate.recipe import Recipe, Turn, adam


class Small(Recipe[Any]):
    """A recipe with two pools, one of them inside a part."""

    def __init__(self) -> None:
        super().__init__()
        self.network, self.pool = nn.Conv2d(3, 3, 1), ImagePool(2)
        self.inside = nn.Sequential(ImagePool(3), nn.Conv2d(3, 3, 1))

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        return {"network": adam(self.network)}

    def step(self, batch: Any) -> Iterator[Turn]:
        yield Turn("network", loss=self.network(batch).mean())


def test_the_total_of_a_turn_is_the_sum_of_the_mean_losses() -> None:
    turn = Turn("one", a=torch.tensor([1.0, 3.0]), b=torch.tensor(5.0), c=torch.zeros(2, 2))
    assert turn.total == 7.0
    assert turn.player == "one"
    assert list(turn.losses) == ["a", "b", "c"]


def test_the_weight_of_a_loss_is_in_its_gradient() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    Turn("one", plain=x**2, weighted=10 * x).total.backward()
    assert x.grad == 14.0


def test_a_turn_without_losses_is_an_error() -> None:
    for losses in ({}, {"switched_off": 0.0}):
        with pytest.raises(ValueError, match=r"no tensor to minimize: Turn\('one', name=loss\)"):
            Turn("one", **losses)


def test_losses_and_logged_values_may_be_numbers() -> None:
    turn = Turn("one", a=torch.tensor(2.0), b=0, c=0.5).log(tau=0.25, count=3)
    assert float(turn.total) == 2.5
    assert {name: float(value) for name, value in turn.metrics.items()} == {"tau": 0.25, "count": 3}


def test_the_training_state_is_the_image_pools_by_default() -> None:
    recipe = Small()
    images = torch.rand(4, 3, 2, 2)
    recipe.pool(images[:2]), recipe.inside[0](images)
    state = recipe.training_state()
    assert set(state) == {"pool", "inside.0"}
    assert [len(state[name]) for name in ("pool", "inside.0")] == [2, 3]
    other = Small()
    other.load_training_state(state)
    assert torch.equal(other.pool.images, images[:2])
    assert not set(state) & set(recipe.state_dict())


def test_optional_attributes_and_methods_have_defaults() -> None:
    recipe = Small()
    assert recipe.preview(None) == {}
    assert (recipe.geometry, recipe.iteration) == (Geometry(), 0)
    assert (recipe.defaults, recipe.targets("x")) == ({}, ())
    with pytest.raises(TranslateError, match=r"Small cannot translate images\."):
        recipe.translate(torch.zeros(1, 3, 2, 2), to="x")


class Sized(nn.Conv2d):
    """A network with a geometry."""

    def __init__(self, **geometry: int) -> None:
        super().__init__(3, 3, 1)
        self.geometry = Geometry(**geometry)


def test_the_geometry_of_a_recipe_is_that_of_its_generators() -> None:
    recipe = Small()
    recipe.forward_network, recipe.back = Sized(multiple_of=4, minimum=8), Sized(multiple_of=6)
    recipe.critic = Sized(multiple_of=5, minimum=93, scale=0)
    assert recipe.geometry == Geometry(multiple_of=12, minimum=8)


def test_targets_of_the_first_domain_are_all_others_by_default() -> None:
    recipe = Small()
    recipe.domains = ("a", "b", "c")
    assert (recipe.targets("a"), recipe.targets("b")) == (("b", "c"), ())
    recipe.domains = ("a",)
    assert recipe.targets("a") == ("a",)


def test_a_turn_logs_means_that_are_not_minimized() -> None:
    scores = torch.tensor([1.0, 3.0], requires_grad=True)
    turn = Turn("critic", gan=scores.sum()).log(real_score=scores).log(other=torch.zeros(2))
    assert turn.metrics == {"real_score": 2.0, "other": 0.0}
    assert not turn.metrics["real_score"].requires_grad
    assert turn.total == 4.0


def test_latent_vectors_are_sampled_from_the_prior() -> None:
    recipe = Small()
    with pytest.raises(TranslateError, match="Small cannot draw images: it has no prior"):
        recipe.latents(2)
    recipe.prior = Prior("uniform", dim=5)
    assert recipe.latents(2).shape == (2, 5, 1, 1)


def test_a_recipe_without_step_and_optimizers_is_abstract() -> None:
    with pytest.raises(TypeError, match=r"abstract"):
        Recipe()  # type: ignore[abstract]


def test_compile_compiles_only_the_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    monkeypatch.setattr(nn.Module, "compile", lambda self: compiled.append(type(self).__name__))
    Small().compile()
    assert compiled == ["Conv2d", "Sequential"]


def test_adam_is_fused_over_all_networks_and_follows_the_formula() -> None:
    one, two = nn.Linear(1, 1, bias=False).double(), nn.Linear(2, 1).double()
    optimizer = adam(one, two, lr=0.1)
    (group,) = optimizer.param_groups
    assert group["fused"] and group["betas"] == (0.5, 0.999)
    assert len(group["params"]) == 3
    weight, mean, square = one.weight.item(), 0.0, 0.0
    for step in range(1, 4):
        gradient = float(step)
        for parameter in group["params"]:
            parameter.grad = torch.full_like(parameter, gradient)
        optimizer.step()
        mean, square = 0.5 * mean + 0.5 * gradient, 0.999 * square + 0.001 * gradient**2
        weight -= 0.1 * (mean / (1 - 0.5**step)) / ((square / (1 - 0.999**step)) ** 0.5 + 1e-8)
        assert one.weight.item() == pytest.approx(weight, rel=1e-9)


def test_the_betas_can_be_set() -> None:
    assert adam(nn.Linear(1, 1), betas=(0.0, 0.9)).defaults["betas"] == (0.0, 0.9)


def test_losses_of_any_shape_are_averaged() -> None:
    def mean(loss: Tensor) -> float:
        return Turn("one", loss=loss).total.item()

    assert mean(torch.arange(6.0).reshape(1, 2, 3)) == 2.5
