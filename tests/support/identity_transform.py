"""A transform that returns images unchanged, to test layouts without an engine."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from torch import Tensor

from translate.images.source import read_image
from translate.images.tensors import as_tensor


class IdentityTransform:
    """Returns images as tensors, and records their roles."""

    def __init__(self) -> None:
        self.roles: list[str] = []

    def read(self, path: Path) -> NDArray[Any]:
        return read_image(path)

    def __call__(
        self, *images: NDArray[Any], roles: Sequence[str] = ("source", "target")
    ) -> tuple[Tensor, ...]:
        self.roles += list(roles)[: len(images)]
        return tuple(map(as_tensor, images))
