"""Features of discriminators and feature matching."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.nn.precision import at_least_float32


def features_of(
    network: nn.Module, option: str = "discriminator", such_as: str = "mlp, patch"
) -> Callable[[Tensor], list[Tensor]]:
    """Return the method of `network` that shows what it sees in images, layer by layer."""
    look = getattr(network, "features", None)
    if not callable(look):
        raise ConfigError(
            f"{option}: {type(network).__name__} shows no features, which this method looks "
            f"at: choose {such_as}, or another that has features(images)."
        )
    return look


def output_and_features(network: nn.Module, images: Tensor) -> tuple[Any, list[Tensor]]:
    """Return what `network` makes of `images`, and its features of them.

    One that has a method ``output_and_features(images)`` gives both in one pass.
    """
    both = getattr(network, "output_and_features", None)
    if callable(both):
        return both(images)
    return network(images), features_of(network)(images)


def feature_distance(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Return the squared distance of the means of two batches, summed over lists of features.

    Feature matching (Salimans et al., 2016, section 3.1). Of each feature, (N, ...), the mean over
    the batch is taken; the distance is a mean over its entries, so that no layer outweighs others.
    """
    distances = [
        (at_least_float32(one).mean(dim=0) - at_least_float32(other).mean(dim=0)).square().mean()
        for one, other in zip(real, fake, strict=True)
    ]
    return torch.stack(distances).sum()
