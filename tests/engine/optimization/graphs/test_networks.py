"""Replayed networks train as eager networks do; networks that cannot be replayed stay eager."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from static_graphs import capture_static
from torch import Tensor, nn
from torch.optim import Optimizer

from translate.batches import Images
from translate.engine.optimization.graphs import networks
from translate.engine.optimization.graphs.networks import (
    OBSERVED_STEPS,
    GraphedNetworks,
)
from translate.engine.optimization.step import take_turns
from translate.errors import TrainingError
from translate.nn.penalties import r1_penalty
from translate.recipe import Recipe, Turn, adam


class CallsTwice(Recipe[Images]):
    """A recipe with a turn that calls one network twice before the backward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5))
        self.kept: list[Tensor] = []
        self.keep = self.penalize_at = 0
        self.iteration = 0

    def optimizers(self) -> dict[str, Optimizer]:
        return {"player": adam(self)}

    def step(self, batch: Images) -> Iterator[Turn]:
        first, second = self.network(batch.images), self.network(batch.images.flip(0) * 2)
        if self.keep:
            self.kept = [first.detach()]
        losses = {"both": (first * second).square()}
        if self.penalize_at and self.iteration >= self.penalize_at:
            images = batch.images.clone().requires_grad_()
            losses["penalty"] = r1_penalty(self.network, images)
        yield Turn("player", **losses)
        self.iteration += 1


def train(
    recipe: Recipe, graphs: GraphedNetworks, steps: int = OBSERVED_STEPS + 3
) -> dict[str, Any]:
    """Return weights, statistics and a random number after some steps."""
    torch.manual_seed(1)
    optimizers = recipe.optimizers()
    for number in range(steps):
        images = torch.rand(2, 3, 6, 6, generator=torch.Generator().manual_seed(number))
        with graphs.step():
            take_turns(recipe, Images(images), optimizers)
    return {**recipe.state_dict(), "random": torch.rand(3)}


def new_recipe(**attributes: int) -> CallsTwice:
    torch.manual_seed(0)
    recipe = CallsTwice()
    for name, value in attributes.items():
        setattr(recipe, name, value)
    return recipe


def assert_equal(actual: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    torch.testing.assert_close(actual, expected, rtol=0, atol=0)


def test_a_second_call_of_one_graph_overwrites_the_output_of_the_first() -> None:
    """So each call of a step has its own graph."""
    network = nn.Linear(2, 2)
    replay = capture_static(network, (torch.zeros(1, 2),))
    first = replay(torch.ones(1, 2))
    second = replay(torch.zeros(1, 2))
    assert torch.equal(first, second) and not torch.equal(first, network(torch.ones(1, 2)))


def test_a_network_that_a_turn_calls_twice_is_replayed_with_equal_results() -> None:
    expected = train(new_recipe(), GraphedNetworks())
    recipe = new_recipe()
    graphs = GraphedNetworks(recipe, capture_static)
    assert_equal(train(recipe, graphs), expected)
    [network] = graphs.networks
    assert len(network.graphs) == 2 and not network.obstacle


def test_calls_are_observed_before_they_are_captured() -> None:
    recipe = new_recipe()
    graphs = GraphedNetworks(recipe, capture_static)
    train(recipe, graphs, OBSERVED_STEPS - 1)
    assert not graphs.networks[0].graphs
    train(recipe, graphs, 1)
    assert len(graphs.networks[0].graphs) == 2


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"keep": 1}, "its output is used after the step"),
        ({"penalize_at": 1}, "its gradient is differentiated"),
    ],
)
def test_a_network_that_cannot_be_replayed_stays_eager_with_one_message(
    attributes: dict[str, int], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    expected = train(new_recipe(**attributes), GraphedNetworks())
    recipe = new_recipe(**attributes)
    graphs = GraphedNetworks(recipe, capture_static)
    assert_equal(train(recipe, graphs), expected)
    assert not graphs.networks[0].graphs
    [message] = [record.message for record in caplog.records]
    assert message.startswith("train.cuda_graphs: network runs without: ") and reason in message


def test_a_failed_capture_is_one_warning_and_changes_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def capture(module: nn.Module, samples: tuple[Tensor, ...]) -> Any:
        capture_static(module, samples)
        raise RuntimeError("operation not permitted when stream is capturing")

    expected = train(new_recipe(), GraphedNetworks())
    recipe = new_recipe()
    assert_equal(train(recipe, GraphedNetworks(recipe, capture)), expected)
    [message] = [record.message for record in caplog.records]
    assert "it cannot be captured: " in message and "not permitted" in message


def test_inputs_of_changing_sizes_stay_eager(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networks, "MAX_GRAPHS", 3)
    recipe = new_recipe()
    graphs, optimizers = GraphedNetworks(recipe, capture_static), recipe.optimizers()
    for side in range(4, 8):
        with graphs.step():
            take_turns(recipe, Images(torch.rand(2, 3, side, side)), optimizers)
    assert "the sizes of its inputs change" in caplog.text
    assert graphs.networks[0].obstacle


def test_a_network_with_a_changing_attribute_stays_eager() -> None:
    recipe = new_recipe()
    graphs, optimizers = GraphedNetworks(recipe, capture_static), recipe.optimizers()
    for rate in (0.5, 0.4):
        recipe.network[2].p = rate
        with graphs.step():
            take_turns(recipe, Images(torch.rand(2, 3, 6, 6)), optimizers)
    assert graphs.networks[0].obstacle == "its attribute 2.p changes"


def test_a_gradient_penalty_in_a_later_step_is_an_error_and_not_a_constant() -> None:
    class LatePenalty(CallsTwice):
        def step(self, batch: Images) -> Iterator[Turn]:
            images = batch.images.clone().requires_grad_()
            scores = self.network(images)
            if self.iteration <= OBSERVED_STEPS:
                yield Turn("player", scores=scores)
            else:
                (gradient,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
                yield Turn("player", scores=scores, penalty=gradient.square())
            self.iteration += 1

    recipe = LatePenalty()
    with pytest.raises(TrainingError, match=r"differentiated now.*--set train.cuda_graphs=false"):
        train(recipe, GraphedNetworks(recipe, capture_static))


def test_evaluation_and_copies_of_a_replayed_network_are_eager() -> None:
    recipe = new_recipe()
    graphs = GraphedNetworks(recipe, capture_static)
    train(recipe, graphs)
    images, recipe_copy = torch.rand(2, 3, 6, 6), copy.deepcopy(recipe)
    reference = new_recipe()
    reference.load_state_dict(recipe.state_dict())
    for module in (recipe, recipe_copy, reference):
        module.eval()
    assert torch.equal(recipe.network(images), reference.network(images))
    recipe_copy.network[0].weight.data.zero_()
    assert not torch.equal(recipe_copy.network(images), recipe.network(images))
    assert recipe.state_dict().keys() == new_recipe().state_dict().keys()


def test_networks_are_eager_again_after_training() -> None:
    recipe = new_recipe()
    for _ in range(2):  # training may continue in another loop
        graphs = GraphedNetworks(recipe, capture_static)
        train(recipe, graphs)
        [network] = graphs.networks
        assert "forward" in vars(recipe.network) and len(network.graphs) == 2
        graphs.close()
        assert "forward" not in vars(recipe.network) and not network.graphs
