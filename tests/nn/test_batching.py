"""Several batches share a forward pass, unless the network depends on the images of a batch."""

import pytest
import torch
from torch import Tensor, nn

from translate.nn.batching import forward_batched
from translate.nn.noise import temporary_seed
from translate.registry import create_discriminator, create_generator


def images(count: int, *, seed: int = 0, size: int = 16) -> Tensor:
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(seed))


def small_resnet(norm: str) -> nn.Module:
    options = {"name": "resnet", "width": 2, "blocks": 1, "downsamplings": 1, "norm": norm}
    with temporary_seed(0):
        return create_generator(options, in_channels=3, out_channels=3)


def outputs_and_gradients(network: nn.Module, outputs: tuple[Tensor, ...]) -> list[Tensor]:
    total = sum((output * output.detach().cos()).sum() for output in outputs)
    gradients = torch.autograd.grad(total, list(network.parameters()), allow_unused=True)
    return [*outputs, *(gradient for gradient in gradients if gradient is not None)]


@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
def test_outputs_and_gradients_equal_those_of_separate_passes(norm: str) -> None:
    network = small_resnet(norm).double()
    first, second = images(2).double(), 3 * images(3, seed=1).double()
    actual = outputs_and_gradients(network, forward_batched(network, first, second))
    expected = outputs_and_gradients(network, (network(first), network(second)))
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize(("norm", "passes"), [("instance", 1), ("batch", 2), ("none", 1)])
def test_batches_share_a_pass_only_without_batch_norm(norm: str, passes: int) -> None:
    network, outputs = small_resnet(norm), []
    network.register_forward_hook(lambda *_: outputs.append(_))
    forward_batched(network, images(1), images(1))
    assert len(outputs) == passes


def test_each_batch_gets_its_own_scores_of_each_scale() -> None:
    first, second = images(2, size=32), images(3, seed=1, size=32)
    options = {"name": "scales", "of": {"name": "patch", "width": 2, "layers": 1}}
    network = create_discriminator(options, in_channels=3, size=(32, 32))
    actual = forward_batched(network, first, second)
    assert len(actual[0]) > 1
    torch.testing.assert_close(actual, (network(first), network(second)), rtol=1e-5, atol=1e-6)


def test_a_network_that_declares_batch_dependence_gets_each_batch_alone() -> None:
    class TimesBatchSize(nn.Module):
        batch_dependent = True

        def forward(self, x: Tensor) -> Tensor:
            return x * len(x)

    network = nn.Sequential(TimesBatchSize())
    first, second = forward_batched(network, torch.ones(2, 1), torch.ones(3, 1))
    assert first.tolist() == [[2], [2]] and second.tolist() == [[3], [3], [3]]
