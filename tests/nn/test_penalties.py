"""Penalties on critics equal values by hand and finite differences, and train critics."""

import pytest
import torch
from torch import Tensor, nn

from translate.nn.noise import temporary_seed
from translate.nn.penalties import (
    clip_weights_,
    gradient_penalty,
    pixelwise_gradient_penalty,
    r1_penalty,
)


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def smooth_critic() -> nn.Sequential:
    """Return a differentiable critic of 2x3x3 images, in double precision."""
    layers = nn.Flatten(), nn.Linear(18, 7), nn.Tanh(), nn.Linear(7, 1)
    return nn.Sequential(*layers).double()


def images(count: int) -> Tensor:
    return torch.randn(count, 2, 3, 3, dtype=torch.double)


@torch.no_grad()
def finite_differences(network: nn.Module, images: Tensor, step: float = 1e-6) -> Tensor:
    """Return the gradient of the score of each image, (N, C * H * W), by finite differences."""
    entries = torch.eye(images[0].numel(), dtype=images.dtype) * step
    columns = [
        (network(images + entry) - network(images - entry)).flatten(1).mean(1) / (2 * step)
        for entry in entries.view(-1, *images.shape[1:])
    ]
    return torch.stack(columns, dim=1)


def test_the_penalties_of_a_linear_critic_follow_from_the_norm_of_its_weights() -> None:
    linear = nn.Linear(2, 1)
    linear.weight.data = torch.tensor([[3.0, 4.0]])  # a gradient of norm 5 everywhere
    real, fake = torch.randn(6, 2), torch.randn(6, 2)
    assert gradient_penalty(linear, real, fake).item() == pytest.approx(16)
    assert r1_penalty(linear, real).item() == pytest.approx(25)
    linear.weight.data /= 5
    assert gradient_penalty(linear, real, fake).item() == pytest.approx(0, abs=1e-12)


def test_the_penalties_agree_with_finite_differences() -> None:
    network, real, fake = smooth_critic(), images(4), images(4)
    with temporary_seed(3):
        result = gradient_penalty(network, real, fake)
    with temporary_seed(3):
        weights = torch.rand(4, 1, 1, 1).double()
    norms = finite_differences(network, real + weights * (fake - real)).norm(dim=1)
    assert len(norms.unique()) == 4
    assert result.item() == pytest.approx((norms - 1).square().mean().item(), rel=1e-6)
    norms = finite_differences(network, real).norm(dim=1)
    assert r1_penalty(network, real).item() == pytest.approx(norms.square().mean().item())


class InputRecorder:
    """A critic that adds up the pixels of each image, and records its inputs."""

    def __init__(self) -> None:
        self.inputs: list[Tensor] = []

    def __call__(self, images: Tensor) -> Tensor:
        self.inputs.append(images.detach())
        return images.flatten(1).sum(1)


def test_each_image_has_its_own_interpolated_point() -> None:
    critic, real = InputRecorder(), torch.zeros(64, 3, 4, 4)
    fake = torch.arange(1.0, 65).view(-1, 1, 1, 1).expand(64, 3, 4, 4)
    gradient_penalty(critic, real, fake)
    weights = critic.inputs[0] / fake
    torch.testing.assert_close(weights, weights[:, :1, :1, :1].expand_as(weights))
    weights = weights[:, 0, 0, 0]
    assert len(weights.unique()) == 64 and 0 <= weights.min() < 0.1 and 0.9 < weights.max() <= 1


@pytest.mark.parametrize(
    "penalty",
    [gradient_penalty, pixelwise_gradient_penalty, lambda c, real, _: r1_penalty(c, real)],
)
def test_a_penalty_has_gradients_for_the_critic_and_not_for_images(penalty) -> None:
    network, real, fake = smooth_critic(), images(3), images(3).requires_grad_()

    def seeded_penalty(*_: Tensor) -> Tensor:
        with temporary_seed(3):
            return penalty(network, real, fake)

    assert torch.autograd.gradcheck(seeded_penalty, (network[1].weight, network[3].weight))
    seeded_penalty().backward()
    assert network[1].weight.grad.any() and fake.grad is None and not real.requires_grad


def test_a_constant_critic_has_the_penalty_1_and_finite_gradients() -> None:
    network = nn.Linear(2, 1)
    nn.init.zeros_(network.weight)
    penalty = gradient_penalty(network, torch.randn(3, 2), torch.randn(3, 2))
    penalty.backward()
    assert penalty == 1 and network.weight.grad.isfinite().all()


def test_a_penalty_is_finite_under_autocast_to_bf16() -> None:
    network, real = smooth_critic().float(), images(3).float()
    with torch.autocast("cpu", torch.bfloat16):
        penalty = gradient_penalty(network, real, real.bfloat16())
    penalty.backward()
    assert penalty.dtype == torch.float32 and network[1].weight.grad.isfinite().all()


def test_gradient_penalties_per_image_and_per_pixel_equal_values_by_hand() -> None:
    # two channels of 2x2 pixels; their sums are weighted by 3 and 4
    weights = torch.tensor([3.0, 4.0]).view(2, 1, 1).expand(2, 2, 2)
    real, fake = torch.randn(5, 2, 2, 2), torch.randn(5, 2, 2, 2)
    score = lambda x: (weights * x).flatten(1).sum(1)  # noqa: E731
    # the norm of the gradient is 5 for each of the 4 pixels, and sqrt(4 * 25) for the image
    assert gradient_penalty(score, real, fake).item() == pytest.approx((10 - 1) ** 2)
    assert pixelwise_gradient_penalty(score, real, fake).item() == pytest.approx((5 - 1) ** 2)
    # nine equal logits: their mean counts per image, and their sum per pixel
    patches = lambda x: score(x)[:, None, None, None].expand(-1, 1, 3, 3)  # noqa: E731
    assert gradient_penalty(patches, real, fake).item() == pytest.approx((10 - 1) ** 2)
    assert pixelwise_gradient_penalty(patches, real, fake).item() == pytest.approx((45 - 1) ** 2)
    # two scales are summed
    scales = lambda x: [score(x), patches(x)]  # noqa: E731
    assert r1_penalty(scales, real).item() == pytest.approx(20**2)
    assert gradient_penalty(scales, real, fake).item() == pytest.approx((20 - 1) ** 2)
    assert pixelwise_gradient_penalty(scales, real, fake).item() == pytest.approx((50 - 1) ** 2)


def test_the_pixelwise_penalty_agrees_with_finite_differences() -> None:
    network, real, fake = smooth_critic(), images(4), images(4)
    with temporary_seed(3):
        result = pixelwise_gradient_penalty(network, real, fake)
    with temporary_seed(3):
        weight = torch.rand(1).double()
    gradients = finite_differences(network, fake + weight * (real - fake)).view(4, 2, 3, 3)
    expected = (gradients.norm(dim=1) - 1).square().mean()
    assert result.item() == pytest.approx(expected.item(), rel=1e-6)


def test_the_pixelwise_penalty_uses_one_interpolation_weight_for_the_batch() -> None:
    critic, real, fake = InputRecorder(), torch.zeros(16, 1, 4, 4), torch.ones(16, 1, 4, 4)
    for _ in range(64):
        pixelwise_gradient_penalty(critic, real, fake)
    assert all(len(images.unique()) == 1 for images in critic.inputs)
    weights = torch.stack([images.mean() for images in critic.inputs])
    assert 0 <= weights.min() < 0.1 and 0.9 < weights.max() <= 1


def test_clipping_limits_every_weight() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    network[0].weight.data = torch.tensor([[0.5, -0.005], [-3.0, 0.01]])
    clip_weights_(network, 0.01)
    assert network[0].weight.flatten().tolist() == pytest.approx([0.01, -0.005, -0.01, 0.01])
    assert network[1].weight.tolist() == pytest.approx([0.01, 0.01])
    assert network[1].running_var.tolist() == [1, 1]  # not a weight, and unchanged
    assert network[0].weight.requires_grad
