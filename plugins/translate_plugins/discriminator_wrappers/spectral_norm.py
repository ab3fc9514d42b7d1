"""Spectral normalization: every layer has a Lipschitz constant of about 1."""

from typing import Annotated

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from translate.registry import DiscriminatorConfig, create_discriminator
from translate.remedies import remedy_for


@remedy_for("exploding gradient", "oscillating loss")
def spectral_norm_discriminator(
    in_channels: int,
    *,
    of: Annotated[
        DiscriminatorConfig, "the discriminator to wrap; best without norm layers"
    ] = "patch",
    size: Annotated[tuple[int, int], "height and width of a training crop"] = (256, 256),
) -> nn.Module:
    """Spectral normalization of every layer: against a discriminator with large gradients.

    Miyato et al. (2018), algorithm 1: one step of power iteration in each forward pass of training.
    Each weight is divided by the estimate of its largest singular value, so the scale of its
    initialization has no effect.
    """
    network = create_discriminator(of, in_channels=in_channels, size=size)
    for layer in list(network.modules()):
        if isinstance(layer, (nn.Linear, nn.modules.conv._ConvNd)):
            spectral_norm(layer)
    return network
