"""Gradient penalties of critics, and penalties of codes that differ from their prior."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.losses import Scores
from translate.nn.precision import at_least_float32


@torch.no_grad()
def clip_weights_(network: nn.Module, bound: float) -> None:
    """Clip every weight of a critic to [-bound, bound], after each of its turns.

    It bounds the Lipschitz constant (Arjovsky et al., 2017, algorithm 1, line 7).
    """
    for parameter in network.parameters():
        parameter.clamp_(-bound, bound)


Critic = Callable[[Tensor], Scores]


def gradient_penalty(critic: Critic, real: Tensor, fake: Tensor) -> Tensor:
    """Return the gradient penalty of WGAN-GP (Gulrajani et al., 2017, algorithm 1).

    The mean of ``(|gradient| - 1)^2`` at one random point between each real image and its fake one;
    the norm is over all entries of an image. Random numbers are those of the global generator.

    Args:
        critic: A function of images; a list of scores, one per scale, is summed.
        real: Real images (N, C, H, W), detached.
        fake: Generated images of the same shape, detached.

    Returns:
        A scalar, to be multiplied by the weight of the penalty (10 in the paper).
    """
    share = torch.rand(len(real), *[1] * (real.ndim - 1)).to(real)
    between = torch.lerp(real.detach(), fake.detach().to(real), share)
    return (torch.linalg.vector_norm(_slopes(critic, between), dim=1) - 1).square().mean()


def pixelwise_gradient_penalty(critic: Critic, real: Tensor, fake: Tensor) -> Tensor:
    """Return the gradient penalty of the authors' code of DeblurGAN (Kupyn et al., 2018).

    It differs from `gradient_penalty`: one random point serves the whole batch, the gradient is
    that of the sum of all logits, and the norm is over the channels of each pixel.

    Args:
        critic: A function of images; a list of scores, one per scale, is summed.
        real: Real images (N, C, H, W), detached.
        fake: Generated images of the same shape, detached.

    Returns:
        A scalar.
    """
    between = torch.lerp(fake.detach().to(real), real.detach(), torch.rand(1).to(real))
    between.requires_grad_()
    scores = critic(between)
    scales = [scores] if isinstance(scores, Tensor) else scores
    total = torch.stack([at_least_float32(scale).sum() for scale in scales]).sum()
    (gradient,) = torch.autograd.grad(total, between, create_graph=True)
    return (torch.linalg.vector_norm(at_least_float32(gradient), dim=1) - 1).square().mean()


def r1_penalty(critic: Critic, real: Tensor) -> Tensor:
    """Return the R1 penalty (Mescheder et al., 2018, equation 9) without its factor of gamma / 2.

    Args:
        critic: A function of images; a list of scores, one per scale, is summed.
        real: Real images (N, C, H, W), detached.

    Returns:
        A scalar: the squared norm of the gradient, mean over images.
    """
    return _slopes(critic, real.detach()).square().sum(dim=1).mean()


def mmd(codes: Tensor, prior: Tensor, scale: float) -> Tensor:
    """Return an unbiased estimate of the maximum mean discrepancy of two batches of latent codes.

    WAE-MMD (Tolstikhin et al., 2018, algorithm 2) with inverse multiquadratic kernels as in the
    authors' code: the sum of ``C / (C + d^2)`` for seven C around ``2 z scale^2``, the expected
    squared distance of two samples of N(0, scale^2) in z dimensions.

    Args:
        codes: Codes of images, (N, z) or (N, z, 1, 1), N at least 2.
        prior: Samples of the prior, likewise.
        scale: The standard deviation of the prior.

    Returns:
        A scalar; as it is unbiased, it is negative half of the time for equal distributions.

    Raises:
        ConfigError: A batch has fewer than two codes.
    """
    one, other = at_least_float32(codes).flatten(1), at_least_float32(prior).flatten(1)
    if min(len(one), len(other)) < 2:
        raise ConfigError(
            "train.batch_size: MMD compares pairs of codes: 1 has none, set 2 or more."
        )
    base = 2 * one.shape[1] * scale**2
    within = sum(
        _kernels(x, x, base).fill_diagonal_(0).sum() / (len(x) * (len(x) - 1)) for x in (one, other)
    )
    return within - 2 * _kernels(one, other, base).mean()


def _kernels(one: Tensor, other: Tensor, base: float) -> Tensor:
    """Return the similarity of each of `one` to each of `other`, (N, M)."""
    distances = (one[:, None] - other[None]).square().sum(dim=2)
    widths = [base * factor for factor in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)]
    return torch.stack([width / (width + distances) for width in widths]).sum(dim=0)


def _slopes(critic: Critic, images: Tensor) -> Tensor:
    """Return the gradient of each image's score, (N, entries), with a graph to learn through.

    An image's score is what a loss makes of it: the mean over a scale, summed over the scales.
    """
    images = images.requires_grad_()
    scores = critic(images)
    scales = [scores] if isinstance(scores, Tensor) else scores
    total = torch.stack([at_least_float32(scale).mean() for scale in scales]).sum() * len(images)
    (gradient,) = torch.autograd.grad(total, images, create_graph=True)
    return at_least_float32(gradient).flatten(1)
