"""Small discriminators by name, one without features, and images for them."""

import torch
from torch import nn

from translate.registry import create_discriminator

MLP = {"name": "mlp", "width": 8, "layers": 1}


def discriminator(name, *, channels=3, side=16, **options):
    """Return a discriminator by name for images of `side` x `side`."""
    return create_discriminator({"name": name, **options}, in_channels=channels, size=(side, side))


class WithoutFeatures(nn.Conv2d):
    """A discriminator or generator, a 1x1 convolution, without the method `features`."""

    def __init__(self, in_channels, out_channels=1):
        super().__init__(in_channels, out_channels, 1)


def random_images(count=4, channels=3, side=16):
    """Return random images in [-1, 1]."""
    return torch.rand(count, channels, side, side) * 2 - 1
