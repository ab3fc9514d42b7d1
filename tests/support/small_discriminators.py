"""Small discriminators by name, and images for them."""

import torch

from translate.registry import create_discriminator

MLP = {"name": "mlp", "width": 8, "layers": 1}


def make(name, *, channels=3, side=16, **options):
    return create_discriminator({"name": name, **options}, in_channels=channels, size=(side, side))


def images(count=4, channels=3, side=16):
    return torch.rand(count, channels, side, side) * 2 - 1
