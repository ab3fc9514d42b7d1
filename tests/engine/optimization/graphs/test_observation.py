"""The identity of a call of a network, and obstacles to replaying it as a CUDA graph."""

import random
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from translate.engine.optimization.graphs.observation import (
    Call,
    Observation,
    lasting_obstacle,
    plain_attributes,
)
from translate.nn.modes import Progressive


def test_calls_differ_by_position_shape_memory_format_gradient_and_precision() -> None:
    images = torch.zeros(2, 3, 4, 4)
    inputs = [
        images,
        images[:1],
        images.contiguous(memory_format=torch.channels_last),
        images.clone().requires_grad_(),
        images.long(),
    ]
    calls = {Call.of(0, [tensor]) for tensor in inputs} | {Call.of(1, [images])}
    with torch.autocast("cpu", torch.bfloat16):
        calls.add(Call.of(0, [images]))
    assert len(calls) == 7
    assert Call.of(0, [images + 1]) in calls


def test_samples_of_a_call_are_inputs_of_the_same_call() -> None:
    images = torch.zeros(2, 3, 4, 4).contiguous(memory_format=torch.channels_last)
    call = Call.of(0, [images.requires_grad_(), torch.ones(2, dtype=torch.int64)])
    samples = call.samples()
    assert Call.of(0, samples) == call
    assert samples[0].std() > 0.5 and samples[1].tolist() == [0, 0]


class Network(nn.Module):
    """A network that calls `side_effect` in its forward pass."""

    def __init__(self, side_effect: Callable[["Network"], object] = lambda _: None) -> None:
        super().__init__()
        self.layer, self.side_effect = nn.Linear(2, 1), side_effect
        self.register_buffer("count", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.side_effect(self)
        return self.layer(x).tanh()


def observe(network: nn.Module, use: Callable[[Tensor, Tensor], object]) -> str:
    """Return the obstacle after a call; `use` gets the output and the input."""
    x = torch.ones(3, 2, requires_grad=True)
    with Observation(network) as observation:
        output = network(x)
    observation.watch(output)
    use(output, x)
    del output
    return observation.obstacle()


def backpropagate(output: Tensor, _: Tensor) -> None:
    output.mean().backward()


def penalize(output: Tensor, x: Tensor) -> None:
    (gradient,) = torch.autograd.grad(output.sum(), x, create_graph=True)
    gradient.square().sum().backward()


KEPT_OUTPUTS: list[Tensor] = []


@pytest.mark.parametrize(
    ("network", "use", "obstacle"),
    [
        (Network(), backpropagate, ""),
        (Network(), penalize, "its gradient is differentiated"),
        (
            Network(),
            lambda output, _: KEPT_OUTPUTS.append(output.detach()[:1]),
            "used after the step",
        ),
        (Network(lambda _: random.random()), backpropagate, "random numbers of Python"),
        (Network(lambda self: setattr(self, "count", self.count + 1)), backpropagate, "its buffer"),
        (Network(lambda self: self.count.add_(1)), backpropagate, ""),
    ],
)
def test_a_call_that_cannot_be_replayed_has_an_obstacle(
    network: nn.Module, use: Callable[[Tensor, Tensor], object], obstacle: str
) -> None:
    actual = observe(network, use)
    KEPT_OUTPUTS.clear()
    assert obstacle in actual and bool(actual) == bool(obstacle)


def test_networks_that_change_over_training_or_have_hooks_are_never_replayed() -> None:
    assert lasting_obstacle(nn.Linear(1, 1)) == ""
    assert "changes over training" in lasting_obstacle(nn.Sequential(Progressive()))
    hooked = nn.Linear(1, 1)
    hooked.register_forward_hook(lambda *_: None)
    assert lasting_obstacle(hooked) == "it has hooks"
    patched = nn.Linear(1, 1)
    patched.forward = lambda x: x  # type: ignore[method-assign]
    assert lasting_obstacle(patched) == "its forward method was replaced"


def test_plain_attributes_are_those_of_all_modules() -> None:
    attributes = plain_attributes(nn.Sequential(nn.Dropout(0.25)))
    assert attributes["0.p"] == 0.25 and attributes["training"] is True
