"""A recipe that translates by a given function, and models of it."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from specs import image_spec
from torch import Tensor, nn
from torch.optim import Optimizer

from translate.engine.models.model import Model
from translate.nn.geometry import Geometry
from translate.recipe import Recipe, Turn

SPEC = image_spec((32, 32), ("summer", "winter"))


class Painter(Recipe[Any]):
    """Translates by a function, by default to the same images; records its inputs."""

    def __init__(
        self,
        paint: Callable[[Tensor], Tensor] = lambda images: images,
        *,
        multiple_of: int = 1,
        minimum_side: int = 1,
    ) -> None:
        super().__init__()
        self.paint, self.painter_geometry = paint, Geometry(multiple_of, minimum_side)
        self.weight = nn.Parameter(torch.zeros(()))
        self.inputs: list[Tensor] = []

    @property
    def geometry(self) -> Geometry:
        return self.painter_geometry

    def optimizers(self) -> dict[str, Optimizer]:
        return {}

    def step(self, batch: Any) -> Iterator[Turn]:
        yield Turn("nobody", nothing=batch)

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        self.inputs.append(images)
        return self.paint(images)


class TwoWayPainter(Painter):
    """Translates in both directions."""

    def targets(self, source: str) -> tuple[str, ...]:
        return tuple(domain for domain in self.domains if domain != source)


def model(**changes: Any) -> Model:
    """Return a model of a `Painter`; `changes` replace attributes of the model."""
    defaults = {"name": "runs/x", "digest": "", "recipe": Painter(), "spec": SPEC}
    result = Model(**defaults | changes)
    result.recipe.domains = result.spec.names
    return result
