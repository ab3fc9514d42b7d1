"""A recipe with options of inference, which fails where it is asked to."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from translate import hookimpl
from translate.recipe import Recipe, Turn

SECRET = "/home/somebody/secret"


class Shade(Recipe[Any]):
    """Multiplies images by a level."""

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
        level: Annotated[float, Field(ge=0, le=1), "factor of all values"] = 0.5,
        fault: Literal["none", "bug", "memory", "nan"] = "none",
        table: Path | None = None,
    ) -> Tensor:
        if table:
            table.read_text()
        if fault == "bug":
            raise ValueError(SECRET)
        if fault == "memory":
            raise MemoryError(SECRET)
        return images * (torch.nan if fault == "nan" else level)


class ShadePlugin:
    """A plugin that offers the recipe ``shade``."""

    @hookimpl
    def register_recipes(self) -> dict[str, type[Shade]]:
        return {"shade": Shade}
