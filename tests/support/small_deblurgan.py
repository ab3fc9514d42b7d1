"""A small DeblurGAN, and one with networks of a single weight, for losses computed by hand."""

import torch
from specs import image_spec
from torch import Tensor, nn

from translate.batches import Pair
from translate.nn.noise import temporary_seed
from translate.registry import create

SPEC = image_spec((16, 16), ("blurred", "sharp"))
RESNET = {"name": "resnet", "width": 2, "blocks": 1, "downsamplings": 1}
PATCH = {"name": "patch", "width": 2, "layers": 1, "padding": 2}


class Constant(nn.Module):
    """Returns its weight at each pixel."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.tensor(value))

    def forward(self, images: Tensor) -> Tensor:
        return self.value.expand_as(images)


class Sum(nn.Module):
    """Scores an image by a slope times its sum: the gradient is the slope at each pixel."""

    def __init__(self, slope: float) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(slope))

    def forward(self, images: Tensor) -> Tensor:
        return self.slope * images.sum(dim=(1, 2, 3))


def build_recipe(**options: object) -> nn.Module:
    """Return a small recipe in double precision, the same each time."""
    with temporary_seed(0):
        settings = {"generator": RESNET, "critic": PATCH, "content": "l2"}
        return create("recipe", {"name": "deblurgan", **settings, **options}, spec=SPEC).double()


def constant_pair() -> Pair:
    """Return two pairs of 2x2 pixels: blurred images of -0.5, sharp images of 0.5."""
    return Pair(torch.full((2, 3, 2, 2), -0.5), torch.full((2, 3, 2, 2), 0.5))


def scalar_recipe(**options: object) -> nn.Module:
    """Return a recipe with a constant generator of 0.25 and a critic of slope 2."""
    recipe = build_recipe(**options).float()
    recipe.generator, recipe.critic = Constant(0.25), Sum(2.0)
    return recipe
