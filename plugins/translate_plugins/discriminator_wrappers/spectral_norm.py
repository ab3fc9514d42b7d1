"""Spectral normalization: every layer has a Lipschitz constant of about 1."""

from typing import Annotated

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from translate.registry import PartConfig, create_discriminator
from translate.remedies import remedy_for


@remedy_for("exploding gradient", "oscillating loss")
def spectral(
    in_channels: int,
    *,
    of: Annotated[PartConfig, "discriminator that it wraps; best without a norm"] = "patch",
    size: Annotated[tuple[int, int], "of a training crop"] = (256, 256),
) -> nn.Module:
    """Spectral normalization of every layer: against a discriminator with large gradients.

    Miyato et al. (2018), algorithm 1: a step of power iteration in each pass that trains. Weights
    are divided by what it finds, so only their direction is learnt, and how they were drawn
    matters no more.
    """
    network = create_discriminator(of, in_channels=in_channels, size=size)
    for layer in list(network.modules()):
        if isinstance(layer, (nn.Linear, nn.modules.conv._ConvNd)):
            spectral_norm(layer)
    return network
