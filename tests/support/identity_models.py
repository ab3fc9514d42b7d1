"""A recipe that returns images unchanged, and models of it with any domains."""

from collections.abc import Iterator
from typing import Any

from torch import Tensor

from translate.batches import Domain, ImageSpec
from translate.engine.models.model import Model
from translate.recipe import Recipe, Turn


class Identity(Recipe[Any]):
    """Returns its images unchanged."""

    def __init__(self, spec: ImageSpec) -> None:
        super().__init__()
        self.names = spec.names

    def optimizers(self) -> dict[str, Any]:
        return {}

    def step(self, batch: Any) -> Iterator[Turn]:
        yield Turn("nobody", nothing=batch)

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        return images

    def targets(self, source: str) -> tuple[str, ...]:  # noqa: ARG002
        return self.names[-1:]


def identity_model(source: Domain, target: Domain | None = None) -> Model:
    """Return a model that converts values from the range of `source` to that of `target`."""
    spec = ImageSpec((8, 8), (source, target or source))
    return Model("identity", "0", spec, recipe=Identity(spec))
