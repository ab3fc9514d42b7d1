"""A recipe that draws noise, and what translates by the model of a run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from translate.engine.inference.model import load
from translate.engine.inference.processing import ImageProcessor
from translate.nn.noise import Noise
from translate.recipe import Recipe, Turn


class Noisy(Recipe[Any]):
    """Adds noise to the left half of images."""

    def __init__(self, spec: Any) -> None:  # noqa: ARG002
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def optimizers(self) -> dict[str, Optimizer]:
        return {"player": SGD([self.weight], lr=0.1)}

    def step(self, batch: Any) -> Iterator[Turn]:
        yield Turn("player", loss=self.weight.sum() * batch.source.mean())

    def translate(
        self,
        images: Tensor,
        *,
        to: str | None = None,  # noqa: ARG002
        noise: Noise | None = None,
    ) -> Tensor:
        assert noise is not None
        drawn = noise.uniform(images.shape) - 0.5
        drawn[..., images.shape[-1] // 2 :] = 0
        return 0.5 * images + drawn


def processor(run: Path, to: str = "b", **settings: Any) -> ImageProcessor:
    """Return what translates by the model of a run."""
    return ImageProcessor(load(run, device="cpu")[0], to, **settings)
