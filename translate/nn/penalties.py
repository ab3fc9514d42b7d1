"""Regularization of critics by gradient penalties and weight clipping, of latent codes by MMD."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.losses import Scores, at_least_float32


@torch.no_grad()
def clip_weights_(network: nn.Module, bound: float) -> None:
    """Clip every weight of a critic to [-bound, bound]; call this after each turn of the critic.

    Clipping bounds the critic's Lipschitz constant (Arjovsky et al., 2017, algorithm 1, line 7).
    """
    for parameter in network.parameters():
        parameter.clamp_(-bound, bound)


Critic = Callable[[Tensor], Scores]


def gradient_penalty(critic: Critic, real: Tensor, fake: Tensor) -> Tensor:
    """Return the gradient penalty of WGAN-GP (Gulrajani et al., 2017, algorithm 1).

    The penalty is the mean of ``(|gradient| - 1)^2`` at one random point between each real image
    and its fake image; the norm is over all entries of an image. Random numbers are drawn
    from PyTorch's global random number generator.

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

    Arguments and result are those of `gradient_penalty`, with three differences: the whole batch
    has one random interpolation weight, the gradient is of the sum of all logits, and the norm is
    over the channels of each pixel.
    """
    interpolated = torch.lerp(fake.detach().to(real), real.detach(), torch.rand(1).to(real))
    gradient = _gradient(critic, interpolated, torch.sum)
    return (torch.linalg.vector_norm(gradient, dim=1) - 1).square().mean()


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
    authors' code: the sum of ``C / (C + d^2)`` over ``C = f * 2 z scale^2`` for seven factors f
    from 0.1 to 10, where ``2 z scale^2`` is the expected squared distance of two samples of
    N(0, scale^2) in z dimensions.

    Args:
        codes: Codes of images, (N, z) or (N, z, 1, 1), N at least 2.
        prior: Samples of the prior, of the same shape.
        scale: The standard deviation of the prior.

    Returns:
        A scalar; for equal distributions the estimate is often negative, as its mean is 0.

    Raises:
        ConfigError: A batch has fewer than two codes.
    """
    first, second = at_least_float32(codes).flatten(1), at_least_float32(prior).flatten(1)
    if min(len(first), len(second)) < 2:
        raise ConfigError(
            "train.batch_size: MMD compares pairs of codes: expected at least 2, got 1."
        )
    expected_squared_distance = 2 * first.shape[1] * scale**2
    within = sum(
        _kernels(x, x, expected_squared_distance).fill_diagonal_(0).sum() / (len(x) * (len(x) - 1))
        for x in (first, second)
    )
    return within - 2 * _kernels(first, second, expected_squared_distance).mean()


def _kernels(first: Tensor, second: Tensor, expected_squared_distance: float) -> Tensor:
    """Return the sum of the kernels for each pair of codes, (N, M)."""
    distances = (first[:, None] - second[None]).square().sum(dim=2)
    widths = [expected_squared_distance * factor for factor in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)]
    return torch.stack([width / (width + distances) for width in widths]).sum(dim=0)


def _score_gradients(critic: Critic, images: Tensor) -> Tensor:
    """Return the gradient of each image's score, (N, C * H * W).

    The score of an image is the mean over its logits, summed over scales, as in losses.
    """
    return _gradient(critic, images, lambda logits: logits.mean() * len(images)).flatten(1)


def _gradient(critic: Critic, images: Tensor, reduce: Callable[[Tensor], Tensor]) -> Tensor:
    """Return the gradient of a critic's total score for images; it can be differentiated again.

    The total score is the sum over scales of the numbers that `reduce` returns for their logits.
    """
    images = images.requires_grad_()
    scores = critic(images)
    scales = [scores] if isinstance(scores, Tensor) else scores
    total = torch.stack([reduce(at_least_float32(scale)) for scale in scales]).sum()
    (gradient,) = torch.autograd.grad(total, images, create_graph=True)
    return at_least_float32(gradient)
