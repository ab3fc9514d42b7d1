"""Penalties of critics on weights and gradients, and of latent codes on their distribution."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.losses import Scores, at_least_float32


@torch.no_grad()
def clip_weights_(network: nn.Module, bound: float) -> None:
    """Clip every weight of a critic to [-bound, bound]; call it after each turn of the critic.

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
    weight = torch.rand(len(real), *[1] * (real.ndim - 1)).to(real)
    interpolated = torch.lerp(real.detach(), fake.detach().to(real), weight)
    norms = torch.linalg.vector_norm(_score_gradients(critic, interpolated), dim=1)
    return (norms - 1).square().mean()


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
    interpolated = torch.lerp(fake.detach().to(real), real.detach(), torch.rand(1).to(real))
    interpolated.requires_grad_()
    scores = critic(interpolated)
    scales = [scores] if isinstance(scores, Tensor) else scores
    total = torch.stack([at_least_float32(scale).sum() for scale in scales]).sum()
    (gradient,) = torch.autograd.grad(total, interpolated, create_graph=True)
    return (torch.linalg.vector_norm(at_least_float32(gradient), dim=1) - 1).square().mean()


def r1_penalty(critic: Critic, real: Tensor) -> Tensor:
    """Return the R1 penalty (Mescheder et al., 2018, equation 9) without its factor of gamma / 2.

    Args:
        critic: A function of images; a list of scores, one per scale, is summed.
        real: Real images (N, C, H, W), detached.

    Returns:
        A scalar: the squared norm of the gradient, mean over images.
    """
    return _score_gradients(critic, real.detach()).square().sum(dim=1).mean()


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
    first, second = at_least_float32(codes).flatten(1), at_least_float32(prior).flatten(1)
    if min(len(first), len(second)) < 2:
        raise ConfigError(
            "train.batch_size: MMD compares pairs of codes: 1 has none, set 2 or more."
        )
    base = 2 * first.shape[1] * scale**2
    within = sum(
        _kernels(x, x, base).fill_diagonal_(0).sum() / (len(x) * (len(x) - 1))
        for x in (first, second)
    )
    return within - 2 * _kernels(first, second, base).mean()


def _kernels(first: Tensor, second: Tensor, base: float) -> Tensor:
    """Return the kernel values of each pair of codes, (N, M)."""
    distances = (first[:, None] - second[None]).square().sum(dim=2)
    widths = [base * factor for factor in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)]
    return torch.stack([width / (width + distances) for width in widths]).sum(dim=0)


def _score_gradients(critic: Critic, images: Tensor) -> Tensor:
    """Return the gradient of each image's score, (N, C * H * W), which can be differentiated again.

    The score of an image is the mean over its logits, summed over scales, as in losses.
    """
    images = images.requires_grad_()
    scores = critic(images)
    scales = [scores] if isinstance(scores, Tensor) else scores
    total = torch.stack([at_least_float32(scale).mean() for scale in scales]).sum() * len(images)
    (gradient,) = torch.autograd.grad(total, images, create_graph=True)
    return at_least_float32(gradient).flatten(1)
