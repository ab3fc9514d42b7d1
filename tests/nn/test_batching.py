"""Several batches in one forward pass, unless the network mixes images of a batch."""

import pytest
import torch
from torch import Tensor, nn

from translate.nn.batching import forward_batched
from translate.nn.noise import temporary_seed
from translate.registry import create_discriminator, create_generator


def images(count: int, *, seed: int = 0, size: int = 4) -> Tensor:
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(seed))


# -- one pass --------------------------------------------------------------------------------------


def values_and_gradients(network: nn.Module, passes: tuple[Tensor, ...]) -> list[Tensor]:
    total = sum((p * p.detach().cos()).sum() for p in passes)
    gradients = torch.autograd.grad(total, list(network.parameters()), allow_unused=True)
    return [*passes, *(g for g in gradients if g is not None)]


@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
def test_one_pass_equals_two(norm: str) -> None:
    with temporary_seed(0):
        network = create_generator(
            {"name": "resnet", "width": 2, "blocks": 1, "downsamplings": 1, "norm": norm},
            in_channels=3, out_channels=3,
        ).double()  # fmt: skip
    first, second = images(2, size=16).double(), 3 * images(3, seed=1, size=16).double()
    batch_outputs = values_and_gradients(network, forward_batched(network, first, second))
    separate_outputs = values_and_gradients(network, (network(first), network(second)))
    for a, b in zip(batch_outputs, separate_outputs, strict=True):
        assert a.shape == b.shape
        assert (a - b).abs().max() < 1e-11


@pytest.mark.parametrize(("norm", "passes"), [("instance", 1), ("batch", 2), ("none", 1)])
def test_images_share_a_pass_only_without_batch_statistics(norm: str, passes: int) -> None:
    network = create_generator(
        {"name": "resnet", "width": 2, "blocks": 1, "downsamplings": 1, "norm": norm},
        in_channels=3, out_channels=3,
    )  # fmt: skip
    inputs = []
    network.register_forward_hook(lambda *_: inputs.append(1))
    forward_batched(network, images(1, size=16), images(1, size=16))
    assert len(inputs) == passes


def test_each_minibatch_gets_its_own_scores_of_each_scale() -> None:
    first, second = images(2, size=32), images(3, seed=1, size=32)
    network = create_discriminator(
        {"name": "scales", "of": {"name": "patch", "width": 2, "layers": 1}},
        in_channels=3,
        size=(32, 32),
    )
    batch_outputs = forward_batched(network, first, second)
    for scores, inputs in zip(batch_outputs, (first, second), strict=True):
        expected = network(inputs)
        assert len(scores) == len(expected) > 1
        for scale, score in zip(scores, expected, strict=True):
            assert torch.allclose(scale, score, atol=1e-6)


def test_a_batch_dependent_network_gets_each_batch_alone() -> None:
    class Counts(nn.Module):
        batch_dependent = True

        def forward(self, x: Tensor) -> Tensor:
            return x * len(x)

    one, other = forward_batched(nn.Sequential(Counts()), torch.ones(2, 1), torch.ones(3, 1))
    assert one.tolist() == [[2], [2]] and other.tolist() == [[3], [3], [3]]
