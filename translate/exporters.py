"""Exporters: what a plugin implements so that a model is written as a file of another program.

An exporter is chosen by the suffix of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from translate.nn.geometry import Geometry

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True)
class ExportedModel:
    """The translation to one domain, as a network."""

    network: nn.Module
    """images (N, channels, H, W) in [-1, 1] to images, in evaluation mode, on the CPU"""
    channels: int
    """of the images that go in"""
    geometry: Geometry
    """the sizes that `network` takes; N is any number"""
    metadata: Mapping[str, Any]
    """what a user of the file needs to know, for JSON: recipe, domains, range, sizes"""


class Exporter(Protocol):
    """Writes models as files of one kind.

    A plugin offers an exporter by the hook ``register_exporters`` as a class or function without
    arguments.
    """

    suffix: str
    """of its files: ``.onnx``"""

    def write(self, model: ExportedModel) -> bytes:
        """Return the file of `model`, with its metadata.

        Raises:
            ConfigError: The model cannot be written; other exceptions mean the same.
        """
        ...

    def load(self, data: bytes) -> Callable[[Tensor], Tensor]:
        """Return the network in a file that `write` has returned, to compare the outputs."""
        ...
