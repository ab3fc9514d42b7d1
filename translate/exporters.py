"""Exporters: what a plugin implements so that a model is written as a file of another program.

An exporter is chosen by the end of the file's name. It also runs its files, so that ``translate
infer`` takes them, and so that its program may be a backend of inference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from translate.engine.disk.folders import scratch_folder
from translate.nn.geometry import Geometry

if TYPE_CHECKING:
    from torch import nn

Content: TypeAlias = bytes | Mapping[str, bytes]
"""The bytes of a file; or of the files of a folder, by name."""
Network: TypeAlias = Callable[..., NDArray[np.float32]]
"""Images (N, C, H, W) in [-1, 1] to such images; or `ExportedModel.inputs`, in their order."""


class NetworkInput(NamedTuple):
    """An input of a network that generates images: latent vectors, or what is to be seen."""

    name: str
    """``latents`` or ``condition``"""
    shape: tuple[int, ...]
    """without N, the first dimension, which is any number"""
    dtype: str
    """the NumPy name of a type: ``float32``, ``int64`` or ``uint8``"""
    values: int = 0
    """how many integers it may be, from 0; 0: any number"""


@dataclass(frozen=True, kw_only=True)
class ExportedModel:
    """The translation to one domain, as a network."""

    network: nn.Module
    """images (N, channels, H, W) in [-1, 1], or `inputs`, to images; in evaluation mode, on the
    CPU"""
    channels: int
    """of the images that go in; a mask of holes is the last one"""
    geometry: Geometry
    """the sizes that `network` takes; N is any number"""
    metadata: Mapping[str, Any]
    """what a user of the file needs to know, for JSON: recipe, domains, range, sizes"""
    inputs: Sequence[NetworkInput] = ()
    """those of a network that generates images; empty: it takes images"""


class LoadedModel(NamedTuple):
    """A network in the program that runs it, with the metadata of its file."""

    network: Network
    metadata: Mapping[str, Any]


class Exporter(Protocol):
    """Writes models as files of one kind, and runs them.

    A plugin offers an exporter by the hook ``register_exporters`` as a class or function without
    arguments. Its module imports the program that it writes for inside functions, as all exporters
    are imported wherever one is used.
    """

    suffix: str
    """the end of its files' names: ``.onnx``, or ``_openvino`` for a folder"""
    backend: str
    """the value of ``--backend`` that runs a model as such a file; empty: none"""

    def write(self, model: ExportedModel) -> Content:
        """Return the file of `model`, with its metadata.

        Raises:
            ConfigError: The model cannot be written; other exceptions mean the same.
        """
        ...

    def load(self, content: Content, *, threads: int | None = None) -> LoadedModel:
        """Return the network in a file that `write` has returned.

        Args:
            content: The file; any bytes at all, also damaged ones.
            threads: CPU threads to compute with; None: as the program chooses.

        Raises:
            ValueError: It is no such file, or has no metadata; other exceptions mean the same.
        """
        ...


def written_files(write: Callable[[Path], object]) -> dict[str, bytes]:
    """Return the files, by name, that a library writes into a temporary folder.

    Args:
        write: Calls the library, with the path of an empty folder.
    """
    with scratch_folder() as folder:
        write(folder)
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
