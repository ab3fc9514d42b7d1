"""What a critic pays for being steep, and an encoder for codes that are unlike their prior."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.losses import Scores
from translate.nn.precision import at_least_float32


@torch.no_grad()
def clip_weights_(network: nn.Module, bound: float) -> None:
    """Bring every weight into [-bound, bound], after each turn of a critic (Arjovsky et al., 2017).

    Algorithm 1, line 7: it keeps the critic's slope bounded, if not at 1.
    """
    for parameter in network.parameters():
        parameter.clamp_(-bound, bound)


Critic = Callable[[Tensor], Scores]


def gradient_penalty(critic: Critic, real: Tensor, fake: Tensor) -> Tensor:
    """Return how far from 1 the slope of `critic` is between `real` and `fake`, squared.

    Gulrajani et al. (2017), algorithm 1: the mean of ``(|gradient| - 1)^2`` at one random point on
    the way from each real image to its fake one, the norm taken over all that an image has. The
    points come from the global generator. Only `critic` is to learn from it, so images are cut off.
    """
    share = torch.rand(len(real), *[1] * (real.ndim - 1)).to(real)
    between = torch.lerp(real.detach(), fake.detach().to(real), share)
    return (torch.linalg.vector_norm(_slopes(critic, between), dim=1) - 1).square().mean()


def pixelwise_gradient_penalty(critic: Critic, real: Tensor, fake: Tensor) -> Tensor:
    """Return the penalty of DeblurGAN's code (Kupyn et al., 2018), which is not `gradient_penalty`.

    One random point serves the whole batch; the slope is that of the sum of all logits; and its
    norm is taken over the channels of each pixel, so that each pixel's is to be 1, not an image's.
    """
    between = torch.lerp(fake.detach().to(real), real.detach(), torch.rand(1).to(real))
    between.requires_grad_()
    scores = critic(between)
    scales = [scores] if isinstance(scores, Tensor) else scores
    total = torch.stack([at_least_float32(scale).sum() for scale in scales]).sum()
    (gradient,) = torch.autograd.grad(total, between, create_graph=True)
    return (torch.linalg.vector_norm(at_least_float32(gradient), dim=1) - 1).square().mean()


def r1_penalty(critic: Critic, real: Tensor) -> Tensor:
    """Return the mean squared norm of the gradient of `critic` at `real` images.

    Mescheder et al. (2018), equation 9, without its factor of gamma / 2, which is the recipe's.
    """
    return _slopes(critic, real.detach()).square().sum(dim=1).mean()


def mmd(codes: Tensor, prior: Tensor, scale: float) -> Tensor:
    """Return the maximum mean discrepancy of two batches of codes, an unbiased estimate.

    WAE-MMD (Tolstikhin et al., 2018, algorithm 2) with inverse multiquadratic kernels as in the
    authors' code: the sum of ``C / (C + d^2)`` for seven C around ``2 z scale^2``, the expected
    squared distance of two draws from a prior N(0, scale^2) of z dimensions. Codes are (N, z) or
    (N, z, 1, 1). As it is unbiased, it is negative about half the time for equal distributions.
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
