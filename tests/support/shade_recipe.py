"""A recipe with options of inference; one makes it fail."""

from pathlib import Path
from typing import Annotated, Literal

import torch
from one_weight_recipe import OneWeight
from pydantic import Field
from torch import Tensor

from translate import hookimpl

SECRET = "/home/somebody/secret"


class Shade(OneWeight):
    """Multiplies images by a level."""

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
