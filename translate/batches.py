"""Batches, the specification of their images, and layouts, which read items from folders."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from numpy.typing import NDArray

from translate.errors import BadImage, ConfigError

if TYPE_CHECKING:
    from torch import Tensor  # takes seconds, and exported models do not need it


class Pair(NamedTuple):
    """Images of two domains (N, C, H, W), paired or unpaired."""

    source: Tensor
    target: Tensor


class Images(NamedTuple):
    """Images of one domain (N, C, H, W)."""

    images: Tensor


class Labelled(NamedTuple):
    """Images (N, C, H, W), and labels (N,), indices into `ImageSpec.classes`."""

    images: Tensor
    labels: Tensor


class Captioned(NamedTuple):
    """Images (N, C, H, W) and captions (N, text_length), bytes of UTF-8, padded with zeros."""

    images: Tensor
    text: Tensor


FULL_RANGES: Mapping[str, tuple[float, float]] = {
    "uint8": (0.0, 255.0),
    "uint16": (0.0, 65535.0),
    "int16": (-32768.0, 32767.0),
    "float32": (0.0, 1.0),
}
"""The pixel values that map to -1 and 1 by default, for each dtype of images."""
DTYPES = tuple(FULL_RANGES)
MAX_CHANNELS = 64


@dataclass(frozen=True)
class Domain:
    """The images of one domain: their channels, and the meaning of their pixel values."""

    name: str
    """The name without folders: ``summer`` for ``datasets/summer``."""
    channels: int = 3
    range: tuple[float, float] = (0.0, 255.0)
    """The pixel values that map to -1 and 1; values outside are clipped."""
    dtype: str = "uint8"
    """The NumPy dtype of images when they are read."""
    unit: str = ""
    """The unit of the pixel values, such as ``HU``; empty for intensities."""
    labels: bool = False
    """True: label maps; their values are class indices and are never interpolated."""
    bands: tuple[int, ...] = ()
    """Bands of a file that are read, counted from 1; empty: its gray or colour channels."""
    alpha: bool = False
    """Whether the last channel is an alpha channel."""

    def __post_init__(self) -> None:
        low, high = self.range
        if self.dtype not in DTYPES:
            raise ValueError(f"dtype: expected {' or '.join(DTYPES)}, got {self.dtype!r}.")
        if not 1 <= self.channels <= MAX_CHANNELS:
            raise ValueError(f"channels: expected 1 to {MAX_CHANNELS}, got {self.channels}.")
        if not -inf < low < high < inf:
            raise ValueError(f"range: expected two numbers, the smaller first, got {self.range}.")


UNNAMED = Domain("")


@dataclass(frozen=True)
class ImageSpec:
    """The size, domains and labels of the images, for the constructor of a recipe."""

    size: tuple[int, int] = (256, 256)
    """Height and width of training crops."""
    domains: tuple[Domain, ...] = ()
    """The first is the source, the last the target."""
    classes: tuple[str, ...] = ()
    """Names of the classes, in the order of the labels in a batch."""
    text_length: int = 0
    """Length of captions in bytes; 0: there are none."""
    sides: tuple[str, ...] = ()
    """The domains of the left and right halves of side-by-side images."""

    def __post_init__(self) -> None:
        for domain in self.domains:
            if not isinstance(domain, Domain):
                raise TypeError(
                    f"domains: expected a Domain, got {domain!r}: ImageSpec(domains=(Domain("
                    "'name'), ...))"
                )

    @property
    def source(self) -> Domain:
        """The first domain; by default an unnamed one of colour images."""
        return self.domains[0] if self.domains else UNNAMED

    @property
    def target(self) -> Domain:
        """The last domain; the source if it is the only one."""
        return self.domains[-1] if self.domains else UNNAMED

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the domains."""
        return tuple(domain.name for domain in self.domains)

    def equal_channels(self, reason: str) -> int:
        """Return the number of channels of all domains.

        Raises `ConfigError` if they differ; the message has the `reason` why they must not.
        """
        if len({domain.channels for domain in self.domains}) > 1:
            counts = " and ".join(f"{each.name} has {each.channels}" for each in self.domains)
            raise ConfigError(
                f"data.channels: {counts}, and {reason}: expected one number of channels. Type "
                "--set data.channels=3, or --set data.bands=[1,2,3] for files of several bands."
            )
        return self.target.channels


class Item(NamedTuple):
    """One item of a data set: the files that `Layout.load` reads it from."""

    files: tuple[Path, ...]
    """The files, those of images first."""
    key: Any = None
    """The position in a file of many images, such as an index; None: not needed."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names for messages: the files, the last one with the key."""
        *others, last = [*map(str, self.files)] or ["item"]
        return (*others, last if self.key is None else f"{last}#{self.key}")


class Transform(Protocol):
    """Reads the files of one item; crops, flips and augments its images randomly."""

    def read(self, path: Path) -> NDArray[Any]:
        """Return the pixels of a file, possibly from a cache.

        Args:
            path: The file.

        Returns:
            (H, W, C), with the channels of the file's domain.

        Raises:
            BadImage: The file cannot be decoded completely.
        """

    def __call__(
        self, *images: NDArray[Any], roles: Sequence[str] = ("source", "target")
    ) -> tuple[Tensor, ...]:
        """Crop, flip and augment the images of one item in the same way.

        Args:
            images: (H, W, C) each.
            roles: For each image ``source``, ``target`` or the name of a domain in `Layout.spec`:
                this determines the number of channels, the range, whether it is a label map, and
                its augmentations (``to: source``).

        Returns:
            (C, H, W) each, in the dtype of the file.
        """


class Layout(ABC):
    """A data set: finds files in folders, and reads items from them.

    A factory is called as ``factory(root=, domains=, split=, leave_out=)``, with the keywords among
    these that its signature has, and raises `translate.errors.DataError` for folders that cannot be
    used. Its other keywords are options: ``data.layout={name: frames, step: 2}``. The flag
    ``--drop-unpaired`` sets the option `drop_unpaired`.
    """

    batch: type[Any]
    """The type of items and batches, such as `Pair`: a class attribute, or an instance attribute
    if it depends on options."""
    paired: ClassVar[bool] = False
    """True: the images of an item are aligned, and have the same size."""
    joined: ClassVar[bool] = False
    """True: domains are parts of the same images, not separate folders."""
    reads_stores: ClassVar[bool] = False
    """True: ``root`` may be the URL of an object store; other layouts refuse URLs. A factory that
    is a function may have this attribute too."""

    spec: ImageSpec
    """The domains and classes of the layout; the engine sets the size and channels."""
    files: Sequence[Path]
    """All image files. The engine checks each once, and creates the layout again with unreadable
    ones in ``leave_out``. Empty if images are parts of a file that the layout checks itself."""
    domain_files: Sequence[Sequence[Path]] = ()
    """The files of each domain, in the order of the domains. Empty if files belong to several
    domains: they are then read in colour if any domain has colour, and converted by role."""
    sources: Sequence[Path] = ()
    """Other files, such as captions or files of many images; changes of them are reported at a
    resume."""
    notes: Sequence[str] = ()
    """Messages for the user before training, on skipped files or unpaired items."""
    problems: Sequence[BadImage] = ()
    """Files that cannot be opened, such as broken links; each becomes a problem."""

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of items in an epoch."""

    @abstractmethod
    def pick(self, index: int, random: Random) -> Item:
        """Return the files of an item; the result depends only on the arguments.

        Args:
            index: From 0 to ``len(self) - 1``.
            random: Random numbers for this item and epoch, such as to choose an unpaired image.
        """

    @abstractmethod
    def load(self, item: Item, transform: Transform) -> Any:
        """Return the tensors of an item, without batch dimension, as a `batch`.

        Args:
            item: The result of `pick`.
            transform: Reads images, and crops, flips and augments them.

        Raises:
            BadImage: A file cannot be decoded completely.
        """
