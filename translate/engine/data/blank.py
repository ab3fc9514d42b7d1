"""Crops on PyTorch's meta device, without values, to test a layout before files are read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from translate.batches import ImageSpec
from translate.images.domains import domain_images

META = torch.device("meta")


class Blank:
    """A `translate.batches.Transform` that reads no file and returns crops without values."""

    def __init__(self, size: tuple[int, int], spec: ImageSpec) -> None:
        self.size, self.domains = size, domain_images.domains_by_role(spec)
        self.file = domain_images.common_domain(spec)
        self.roles: set[str] = set()
        """the roles (such as ``source``) of all cropped images"""

    def read(self, path: Path) -> NDArray[Any]:  # noqa: ARG002
        """Return (height, width, channels) zeros."""
        return np.zeros((*self.size, self.file.channels), self.file.dtype)

    def __call__(
        self, *images: NDArray[Any], roles: Sequence[str] = ("source", "target")
    ) -> tuple[Tensor, ...]:
        """Return a crop (channels, height, width) without values for each of `images`."""
        self.roles.update(roles[: len(images)])
        domains = [
            domain_images.domain_of_role(self.domains, roles, index) for index in range(len(images))
        ]
        return tuple(
            torch.empty(
                domain.channels, *self.size, dtype=getattr(torch, domain.dtype), device=META
            )
            for domain in domains
        )
