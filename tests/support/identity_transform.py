"""A transform that changes nothing, for a layout to be asked without an engine."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from torch import Tensor

from translate.images.decode import read_image
from translate.images.tensors import as_tensor


class IdentityTransform:
    """Remembers the roles that it was told."""

    def __init__(self) -> None:
        self.roles: list[str] = []

    def read(self, path: Path) -> NDArray[Any]:
        return read_image(path)

    def __call__(
        self, *pictures: NDArray[Any], roles: Sequence[str] = ("source", "target")
    ) -> tuple[Tensor, ...]:
        self.roles += list(roles)[: len(pictures)]
        return tuple(map(as_tensor, pictures))
