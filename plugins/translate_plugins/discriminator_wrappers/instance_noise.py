"""Instance noise on the inputs of a discriminator, annealed over training."""

from typing import Annotated

import torch
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.nn.modes import Progressive
from translate.registry import DiscriminatorConfig, create_discriminator
from translate.remedies import remedy_for
from translate_plugins.discriminator_wrappers.preprocessed import PreprocessedDiscriminator


@remedy_for("discriminator saturated", "vanishing gradient")
def noisy_discriminator(
    in_channels: int,
    *,
    of: Annotated[DiscriminatorConfig, "the discriminator to wrap"] = "patch",
    sigma: Annotated[
        float, "standard deviation at the start of training; pixels are in [-1, 1]"
    ] = 0.1,
    until: Annotated[float, "fraction of training after which there is no noise"] = 0.5,
    size: Annotated[tuple[int, int], "height and width of a training crop"] = (256, 256),
) -> nn.Module:
    """Instance noise on the inputs, annealed to 0: against a discriminator that saturates early."""
    if sigma < 0:
        raise ConfigError(f"sigma: expected 0 or more, got {sigma}.")
    if not 0 < until <= 1:
        raise ConfigError(
            f"until: expected a fraction of training, above 0 and up to 1, got {until}."
        )
    network = create_discriminator(of, in_channels=in_channels, size=size)
    return PreprocessedDiscriminator(InstanceNoise(sigma, until), network)


class InstanceNoise(Progressive):
    """Add N(0, sigma) to images (N, C, H, W) while training; sigma falls linearly to 0.

    Sønderby et al. (2017), section 3, and Arjovsky and Bottou (2017), section 3: without an overlap
    of the distributions of real and generated images, a discriminator separates them perfectly and
    gives the generator no gradient. Noise makes the distributions overlap.
    """

    def __init__(self, sigma: float, until: float) -> None:
        super().__init__()
        self.sigma, self.until = sigma, until

    def forward(self, x: Tensor) -> Tensor:
        sigma = self.sigma * max(0.0, 1 - self.progress / self.until)
        if not (self.training and sigma):
            return x
        return x + sigma * torch.randn_like(x)

    def extra_repr(self) -> str:
        return f"sigma={self.sigma}, until={self.until}"
