"""Several batches share a forward pass, unless an output depends on other images of its batch."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from translate.nn.batching import forward_batched
from translate.nn.noise import temporary_seed
from translate.registry import create_discriminator, create_generator


def random_images(count: int, *, seed: int = 0, size: int = 16) -> Tensor:
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(seed))


def small_resnet(norm: str) -> nn.Module:
    options = {"name": "resnet", "width": 2, "blocks": 1, "downsamplings": 1, "norm": norm}
    with temporary_seed(0):
        return create_generator(options, in_channels=3, out_channels=3)


def outputs_and_gradients(network: nn.Module, outputs: tuple[Tensor, ...]) -> list[Tensor]:
    """Return the outputs, and the gradients of a sum of all pixels with unequal weights.

    With equal weights, errors of pixels could cancel out.
    """
    total = sum((output * output.detach().cos()).sum() for output in outputs)
    return [*outputs, *torch.autograd.grad(total, list(network.parameters()))]


@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
def test_outputs_and_gradients_equal_those_of_separate_passes(norm: str) -> None:
    network = small_resnet(norm).double()
    first = random_images(2).double()
    second = 3 * random_images(3, seed=1).double()  # another variance: batch norm could not share
    actual = outputs_and_gradients(network, forward_batched(network, first, second))
    expected = outputs_and_gradients(network, (network(first), network(second)))
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize(("norm", "passes"), [("instance", 1), ("batch", 2), ("none", 1)])
def test_batches_share_a_pass_only_without_batch_norm(norm: str, passes: int) -> None:
    network = small_resnet(norm)
    outputs: list[Any] = []
    network.register_forward_hook(lambda _network, _inputs, output: outputs.append(output))
    forward_batched(network, random_images(1), random_images(1))
    assert len(outputs) == passes


def test_each_batch_gets_its_own_scores_from_a_discriminator_of_several_scales() -> None:
    first, second = random_images(2, size=32), random_images(3, seed=1, size=32)
    options = {"name": "scales", "of": {"name": "patch", "width": 2, "layers": 1}}
    network = create_discriminator(options, in_channels=3, size=(32, 32))
    scores_of_first, scores_of_second = forward_batched(network, first, second)
    assert len(scores_of_first) > 1  # a tensor of scores for each scale
    actual, expected = (scores_of_first, scores_of_second), (network(first), network(second))
    torch.testing.assert_close(actual, expected, rtol=1e-5, atol=1e-6)


def test_a_network_that_declares_batch_dependence_gets_each_batch_alone() -> None:
    class TimesBatchSize(nn.Module):
        batch_dependent = True

        def forward(self, x: Tensor) -> Tensor:
            return x * len(x)

    network = nn.Sequential(TimesBatchSize())  # the declaration of a submodule is enough
    first, second = forward_batched(network, torch.ones(2, 1), torch.ones(3, 1))
    assert first.tolist() == [[2], [2]] and second.tolist() == [[3], [3], [3]]
