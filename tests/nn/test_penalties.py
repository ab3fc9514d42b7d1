"""Penalties and MMD against numbers worked out by hand, finite differences and plain loops."""

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
from translate_plugins.losses.adversarial import Wasserstein


@pytest.fixture(autouse=True)
def fresh() -> None:
    torch.manual_seed(0)


def critic() -> nn.Sequential:
    """Return a smooth critic of 2x3x3 images, in double precision."""
    layers = nn.Flatten(), nn.Linear(18, 7), nn.Tanh(), nn.Linear(7, 1)
    return nn.Sequential(*layers).double()


def images(count: int) -> Tensor:
    return torch.randn(count, 2, 3, 3, dtype=torch.double)


def slopes(network: nn.Module, points: Tensor, step: float = 1e-6) -> Tensor:
    """Return the gradient of the score of each of `points`, by finite differences."""
    result = torch.zeros_like(points)
    with torch.no_grad():
        for index in range(points[0].numel()):
            direction = torch.zeros_like(points[0]).flatten()
            direction[index] = step
            direction = direction.view_as(points[0])
            ahead, behind = (
                network(x).flatten(1).mean(1) for x in (points + direction, points - direction)
            )
            result.flatten(1)[:, index] = (ahead - behind) / (2 * step)
    return result.flatten(1)


def test_the_penalty_of_a_linear_critic_is_the_length_of_its_weights_less_one() -> None:
    linear = nn.Linear(2, 1)
    linear.weight.data = torch.tensor([[3.0, 4.0]])  # a gradient of norm 5 everywhere
    real, fake = torch.randn(6, 2), torch.randn(6, 2)
    assert gradient_penalty(linear, real, fake).item() == pytest.approx(16)
    assert r1_penalty(linear, real).item() == pytest.approx(25)
    linear.weight.data /= 5
    assert gradient_penalty(linear, real, fake).item() == pytest.approx(0, abs=1e-12)


def test_the_penalty_agrees_with_finite_differences() -> None:
    network, real, fake = critic(), images(4), images(4)
    with temporary_seed(3):
        result = gradient_penalty(network, real, fake)
    with temporary_seed(3):
        mix = torch.rand(4, 1, 1, 1).double()
    lengths = slopes(network, real + mix * (fake - real)).norm(dim=1)
    assert len(lengths.unique()) == 4
    assert result.item() == pytest.approx((lengths - 1).square().mean().item(), rel=1e-6)
    lengths = slopes(network, real).norm(dim=1)
    assert r1_penalty(network, real).item() == pytest.approx(lengths.square().mean().item())


def test_the_penalty_is_computed_for_each_image() -> None:
    network, real, fake = critic(), images(2), images(2)
    with temporary_seed(3):
        both = gradient_penalty(network, real, fake)
    with temporary_seed(3):  # the same two points
        single_outputs = [
            gradient_penalty(network, real[i : i + 1], fake[i : i + 1]) for i in range(2)
        ]
    assert single_outputs[0] != single_outputs[1]
    torch.testing.assert_close(both, sum(single_outputs) / 2)
    single_outputs = [r1_penalty(network, real[i : i + 1]) for i in range(2)]
    torch.testing.assert_close(r1_penalty(network, real), sum(single_outputs) / 2)


def test_each_image_has_its_own_interpolated_point() -> None:
    inputs: list[Tensor] = []

    def look(points: Tensor) -> Tensor:
        inputs.append(points.detach())
        return points.flatten(1).sum(1)

    real, fake = (
        torch.zeros(64, 3, 4, 4),
        torch.arange(1.0, 65).view(-1, 1, 1, 1).expand(64, 3, 4, 4),
    )
    gradient_penalty(look, real, fake)
    share = inputs[0] / fake
    torch.testing.assert_close(share, share[:, :1, :1, :1].expand_as(share))  # one for each image
    share = share[:, 0, 0, 0]
    assert len(share.unique()) == 64 and 0 <= share.min() < 0.1 and 0.9 < share.max() <= 1


@pytest.mark.parametrize(
    "penalise",
    [gradient_penalty, pixelwise_gradient_penalty, lambda c, real, _: r1_penalty(c, real)],
)
def test_the_penalty_has_gradients_for_the_critic_and_not_for_images(penalise) -> None:
    network, real, fake = critic(), images(3), images(3).requires_grad_()

    def penalty(*_: Tensor) -> Tensor:
        with temporary_seed(3):
            return penalise(network, real, fake)

    assert torch.autograd.gradcheck(penalty, (network[1].weight, network[3].weight))
    penalty().backward()
    assert network[1].weight.grad.any() and fake.grad is None and not real.requires_grad


def test_scores_are_averaged_over_a_scale_and_scales_are_summed() -> None:
    one = nn.Linear(2, 1, bias=False)
    one.weight.data = torch.tensor([[0.6, 0.8]])
    points = torch.randn(5, 2)
    assert gradient_penalty(lambda x: [one(x), 2 * one(x)], points, points).item() == pytest.approx(
        4
    )
    patches = lambda x: one(x)[:, :, None, None].expand(-1, 1, 3, 3)  # noqa: E731
    assert gradient_penalty(patches, points, points).item() == pytest.approx(0, abs=1e-12)
    assert r1_penalty(lambda x: [one(x), patches(x)], points).item() == pytest.approx(4)


def test_a_constant_critic_has_the_penalty_1_and_a_gradient() -> None:
    flat = nn.Linear(2, 1)
    nn.init.zeros_(flat.weight)
    penalty = gradient_penalty(flat, torch.randn(3, 2), torch.randn(3, 2))
    penalty.backward()
    assert penalty == 1 and flat.weight.grad.isfinite().all()


def test_a_penalty_is_finite_under_autocast_to_bf16() -> None:
    network, real = critic().float(), images(3).float()
    with torch.autocast("cpu", torch.bfloat16):
        penalty = gradient_penalty(network, real, real.bfloat16())
    penalty.backward()
    assert penalty.dtype == torch.float32 and network[1].weight.grad.isfinite().all()


def normal(*means: float, count: int = 4096) -> Tensor:
    return torch.randn(count, len(means)) + torch.tensor(means)


def train_critic(penalise, clip: float | None) -> nn.Linear:
    """Return a linear critic of N((0, 0), 1) against N((3, 4), 1), whose distance is 5."""
    network, loss = nn.Linear(2, 1), Wasserstein()
    optimizer = torch.optim.RMSprop(network.parameters(), lr=0.01)
    for _ in range(400):
        real, fake = normal(3.0, 4.0, count=64), normal(0.0, 0.0, count=64)
        total = loss.for_discriminator(network(real), network(fake)) + penalise(network, real, fake)
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        if clip:
            clip_weights_(network, clip)
    return network


def test_a_critic_with_gradient_penalty_estimates_the_distance_of_two_gaussians() -> None:
    network = train_critic(lambda *args: 10 * gradient_penalty(*args), None)
    real, fake = normal(3.0, 4.0), normal(0.0, 0.0)
    distance = -Wasserstein().for_discriminator(network(real), network(fake)).item()
    # the loss gains 5 |w| and the penalty costs 10 (|w| - 1)^2: the optimum |w| = 1.25 gives 6.25
    assert network.weight.norm().item() == pytest.approx(1.25, abs=0.05)
    assert distance / network.weight.norm().item() == pytest.approx(5, abs=0.15)


def test_a_critic_with_weight_clipping_estimates_it_up_to_its_bound() -> None:
    network = train_critic(lambda *_: torch.zeros(()), 0.01)
    torch.testing.assert_close(network.weight.abs(), torch.full((1, 2), 0.01))  # all at the bound
    ratios = []
    for scale in (1, 2, 3):  # the estimate is 0.01 (3 + 4), times scale
        real, fake = normal(3.0 * scale, 4.0 * scale), normal(0.0, 0.0)
        estimate = -Wasserstein().for_discriminator(network(real), network(fake)).item()
        ratios.append(estimate / (0.07 * scale))
    assert ratios == pytest.approx([1, 1, 1], abs=0.03)


def test_the_two_penalties_differ_by_hand() -> None:
    # two channels of 2x2 pixels, scored by 3 times the sum of one and 4 times that of the other
    weights = torch.tensor([3.0, 4.0]).view(2, 1, 1).expand(2, 2, 2)
    real, fake = torch.randn(5, 2, 2, 2), torch.randn(5, 2, 2, 2)
    score = lambda x: (weights * x).flatten(1).sum(1)  # noqa: E731
    # an image's gradient is sqrt(4 * 25) long, and that of each pixel 5
    assert gradient_penalty(score, real, fake).item() == pytest.approx((10 - 1) ** 2)
    assert pixelwise_gradient_penalty(score, real, fake).item() == pytest.approx((5 - 1) ** 2)
    # of nine equal logits the one takes the mean, and the other the sum
    patches = lambda x: score(x)[:, None, None, None].expand(-1, 1, 3, 3)  # noqa: E731
    assert gradient_penalty(patches, real, fake).item() == pytest.approx((10 - 1) ** 2)
    assert pixelwise_gradient_penalty(patches, real, fake).item() == pytest.approx((45 - 1) ** 2)
    scales = lambda x: [score(x), patches(x)]  # noqa: E731
    assert gradient_penalty(scales, real, fake).item() == pytest.approx((20 - 1) ** 2)
    assert pixelwise_gradient_penalty(scales, real, fake).item() == pytest.approx((50 - 1) ** 2)


def test_the_penalty_of_pixels_agrees_with_finite_differences() -> None:
    network, real, fake = critic(), images(4), images(4)
    with temporary_seed(3):
        result = pixelwise_gradient_penalty(network, real, fake)
    with temporary_seed(3):
        mix = torch.rand(1).double()
    lengths = slopes(network, fake + mix * (real - fake)).view(4, 2, 3, 3).norm(dim=1)
    assert lengths.shape == (4, 3, 3)
    assert result.item() == pytest.approx((lengths - 1).square().mean().item(), rel=1e-6)


def test_the_penalty_of_pixels_uses_one_mix_for_the_batch() -> None:
    inputs: list[Tensor] = []

    def look(points: Tensor) -> Tensor:
        inputs.append(points.detach())
        return points.flatten(1).sum(1)

    real, fake = torch.zeros(16, 1, 4, 4), torch.ones(16, 1, 4, 4)
    for _ in range(64):
        pixelwise_gradient_penalty(look, real, fake)
    assert all(len(points.unique()) == 1 for points in inputs)
    shares = torch.stack([points.mean() for points in inputs])
    assert 0 <= shares.min() < 0.1 and 0.9 < shares.max() <= 1


def test_clipping_limits_every_weight() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    network[0].weight.data = torch.tensor([[0.5, -0.005], [-3.0, 0.01]])
    clip_weights_(network, 0.01)
    assert network[0].weight.flatten().tolist() == pytest.approx([0.01, -0.005, -0.01, 0.01])
    assert network[1].weight.tolist() == pytest.approx([0.01, 0.01])
    assert network[1].running_var.tolist() == [1, 1]  # not a weight, and unchanged
    assert network[0].weight.requires_grad
