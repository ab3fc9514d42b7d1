"""A recipe that adds noise, and the image processor of a run's model."""

from pathlib import Path
from typing import Any

from one_weight_recipe import OneWeight
from torch import Tensor

from translate.engine.models.model import load
from translate.engine.pixels.processing import ImageProcessor
from translate.nn.noise import Noise


class Noisy(OneWeight):
    """Adds noise to the left half of images."""

    def translate(
        self,
        images: Tensor,
        *,
        to: str | None = None,  # noqa: ARG002
        noise: Noise | None = None,
    ) -> Tensor:
        assert noise is not None
        values = noise.uniform(images.shape) - 0.5
        values[..., images.shape[-1] // 2 :] = 0
        return 0.5 * images + values


def image_processor(run: Path, to: str = "b", **settings: Any) -> ImageProcessor:
    """Return an image processor of a run's model."""
    return ImageProcessor(load(run, device="cpu")[0], to, **settings)
