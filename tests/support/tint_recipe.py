"""A recipe that tints images, without a network."""

from typing import Any

import torch
from specs import image_spec
from torch import Tensor

from translate.nn.geometry import Geometry
from translate.recipe import Recipe

SPEC = image_spec((32, 32), ("blurred", "sharp"))


class Tint(Recipe[Any]):
    """Adds a different number to each channel, and records the sizes of its inputs."""

    def __init__(
        self,
        *,
        keeps_gray: bool = False,
        scale: int = 1,
        mask: bool = False,
        geometry: Geometry | None = None,
    ) -> None:
        super().__init__()
        self.keeps_gray, self._geometry = keeps_gray, geometry or Geometry(scale=scale)
        self.takes_mask = mask  # type: ignore[misc]
        self.sizes: list[tuple[int, ...]] = []

    @property
    def geometry(self) -> Geometry:
        return self._geometry

    def optimizers(self) -> dict[str, Any]:
        return {}

    def step(self, batch: Any) -> Any:
        raise NotImplementedError

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        self.sizes.append(tuple(images.shape[-2:]))
        tinted = images[:, :3] + torch.tensor([0.2, 0.0, -0.2])[:, None, None]
        scale = self._geometry.scale
        return tinted.repeat_interleave(scale, 2).repeat_interleave(scale, 3)

    def targets(self, source: str) -> tuple[str, ...]:  # noqa: ARG002
        return tuple(domain.name for domain in SPEC.domains)
