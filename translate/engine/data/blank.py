"""Crops without numbers, on PyTorch's meta device: a layout is asked before files are read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from translate.batches import ImageSpec
from translate.images import kinds

META = torch.device("meta")


class Blank:
    """The `translate.batches.Transform` that reads nothing and returns crops without numbers."""

    def __init__(self, size: tuple[int, int], spec: ImageSpec) -> None:
        self.size, self.kinds, self.kind = size, kinds.by_role(spec), kinds.common(spec)
        self.roles: set[str] = set()
        """the roles of all images that it was called with"""

    def read(self, path: Path) -> NDArray[np.uint8]:  # noqa: ARG002
        """Return (height, width, channels) bytes."""
        return np.zeros((*self.size, self.kind.channels), np.uint8)

    def __call__(
        self, *pictures: NDArray[Any], roles: Sequence[str] = ("source", "target")
    ) -> tuple[Tensor, ...]:
        """Return (channels, height, width) bytes for each of `pictures`."""
        self.roles.update(roles[: len(pictures)])
        each = [kinds.of_role(self.kinds, roles, place) for place in range(len(pictures))]
        return tuple(
            torch.empty(kind.channels, *self.size, dtype=torch.uint8, device=META) for kind in each
        )
