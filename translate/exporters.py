"""Exporters: the interface of plugins that write models for other inference engines.

An exporter is chosen by the suffix of the file. It also runs its files, so that ``translate infer``
accepts them, and so that its engine can be a backend.
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
"""The content of a file, or of the files of a folder by name."""
Network: TypeAlias = Callable[..., NDArray[np.float32]]
"""A function from images (N, C, H, W) in [-1, 1], or from `ExportedModel.inputs` in order, to
images."""


class NetworkInput(NamedTuple):
    """An input of a network that generates images: latents, or a class or text."""

    name: str
    """``latents`` or ``condition``"""
    shape: tuple[int, ...]
    """without the batch dimension"""
    dtype: str
    """the NumPy dtype: ``float32``, ``int64`` or ``uint8``"""
    values: int = 0
    """number of valid integers, which start at 0; 0: any value"""


@dataclass(frozen=True, kw_only=True)
class ExportedModel:
    """The translation to one domain, or the generation of images, as a module to export."""

    network: nn.Module
    """maps images (N, channels, H, W) in [-1, 1], or `inputs`, to images; in evaluation mode, on
    the CPU"""
    channels: int
    """channels of input images, the last one a mask if the model fills holes"""
    geometry: Geometry
    """the sizes that `network` takes, for any N"""
    metadata: Mapping[str, Any]
    """what users of the file need, as JSON types: recipe, domains, ranges, sizes"""
    inputs: Sequence[NetworkInput] = ()
    """inputs of a network that generates images; empty: it takes images"""


class LoadedModel(NamedTuple):
    """A network that an inference engine runs, and the metadata of its file."""

    network: Network
    metadata: Mapping[str, Any]


class Exporter(Protocol):
    """Writes models as files of one format, and runs them.

    A plugin registers it by the hook ``register_exporters``, as a class or function without
    arguments, or with the option `runtime` if it writes web pages (``translate export --web``): the
    file of the inference engine for the page, a path, or None to download it. Its module should
    import the inference engine inside functions, since all exporters are imported if one is used.
    """

    suffix: str
    """suffix of its files or folders: ``.onnx``, or ``_openvino`` for a folder"""
    backend: str
    """the value of ``--backend`` for its inference engine; empty: none"""

    def write(self, model: ExportedModel) -> Content:
        """Return the content of a file with `model` and its metadata.

        Raises:
            ConfigError: The model cannot be exported; other exceptions have the same effect.
        """
        ...

    def load(self, content: Content, *, threads: int | None = None) -> LoadedModel:
        """Return the network in a file that `write` has returned.

        Args:
            content: The content of a file; it may be damaged, or of another format.
            threads: Number of CPU threads; None: the default of the inference engine.

        Raises:
            ValueError: The file cannot be loaded or has no metadata; other exceptions have the same
                effect.
        """
        ...


def written_files(write: Callable[[Path], object]) -> dict[str, bytes]:
    """Return the content, by name, of files that a library writes to a temporary folder.

    Args:
        write: A function that writes files to the given folder.
    """
    with scratch_folder() as folder:
        write(folder)
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
