"""Features of networks, and the feature-matching loss."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.losses import at_least_float32


def features_of(
    network: nn.Module, option: str = "discriminator", such_as: str = ""
) -> Callable[[Tensor], list[Tensor]]:
    """Return the method ``features(images)`` of a network.

    Args:
        network: A discriminator, or a generator as for PatchNCE.
        option: The recipe's option that selected the network, for the error message.
        such_as: Networks that have the method, for the error message.

    Returns:
        A function from images to their features, a list with one tensor per layer.

    Raises:
        ConfigError: The network has no such method.
    """
    method = getattr(network, "features", None)
    if not callable(method):
        raise ConfigError(
            f"{option}: {type(network).__name__} has no method features(images), which this "
            f"recipe needs: choose {such_as and such_as + ', or '}another network that has it."
        )
    return method


def output_and_features(network: nn.Module, images: Tensor) -> tuple[Any, list[Tensor]]:
    """Return the output of `network` for `images`, and the features of each layer.

    A network with a method ``output_and_features(images)`` computes both in one forward pass.
    """
    method = getattr(network, "output_and_features", None)
    return method(images) if callable(method) else (network(images), features_of(network)(images))


def feature_distance(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Return the feature-matching loss of two batches (Salimans et al., 2016, section 3.1).

    Args:
        real: Features of real images, (N, ...) for each layer.
        fake: Features of generated images, with the same layers.

    Returns:
        A scalar: the squared difference of the means over the batch, averaged over the entries of a
        layer, so that large layers do not outweigh small ones, and summed over layers.
    """
    real_means = [at_least_float32(layer).mean(0) for layer in real]
    fake_means = [at_least_float32(layer).mean(0) for layer in fake]
    differences = [r - f for r, f in zip(real_means, fake_means, strict=True)]
    return torch.stack([difference.square().mean() for difference in differences]).sum()
