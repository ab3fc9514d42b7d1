"""Batches, the specification of their images, and layouts, which read them from folders."""

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
    from torch import Tensor  # its import takes seconds, and exported models work without it


class Pair(NamedTuple):
    """Images of two domains; the layout decides whether they are aligned pairs."""

    source: Tensor
    target: Tensor


class Images(NamedTuple):
    """Images of one domain."""

    images: Tensor


class Labelled(NamedTuple):
    """Images, and the index of the class of each in `ImageSpec.classes`."""

    images: Tensor
    labels: Tensor


class Captioned(NamedTuple):
    """Images with captions: (N, text_length) bytes of UTF-8, padded with zeros."""

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
    """The NumPy dtype of images as they are read."""
    unit: str = ""
    """The unit of the pixel values, such as ``HU``; empty for intensities."""
    labels: bool = False
    """True: label maps, with values that name classes and are never blended."""
    bands: tuple[int, ...] = ()
    """Numbers of the bands of a file that are read, from 1; empty: its colours."""
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
    """Height and width of a training crop."""
    domains: tuple[Domain, ...] = ()
    """The first is the source, the last the target."""
    classes: tuple[str, ...] = ()
    """Names of the classes, in the order of the labels in a batch."""
    text_length: int = 0
    """Bytes of the longest caption."""
    sides: tuple[str, ...] = ()
    """The domains of the left and the right half, of images that are joined side by side."""

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
        """Return the channels of all domains; raises `ConfigError`, with the `reason`."""
        if len({domain.channels for domain in self.domains}) > 1:
            counts = " and ".join(f"{each.name} has {each.channels}" for each in self.domains)
            raise ConfigError(
                f"data.channels: {counts}, and {reason}: expected one number of channels. Type "
                "--set data.channels=3, or --set data.bands=[1,2,3] for files of several bands."
            )
        return self.target.channels


class Item(NamedTuple):
    """The files that `Layout.load` reads one item from."""

    files: tuple[Path, ...]
    """The files that it is read from, those of images first."""
    key: Any = None
    """The position in the files, such as the index in a file of many images; None: not needed."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the item in messages: its files, the last one with the key."""
        *others, last = [*map(str, self.files)] or ["item"]
        return (*others, last if self.key is None else f"{last}#{self.key}")


class Transform(Protocol):
    """The random crop, flip and augmentation of one item, and a reader of its files."""

    def read(self, path: Path) -> NDArray[Any]:
        """Return the pixels of a file, from the cache if it has them.

        Args:
            path: The file.

        Returns:
            (H, W, C), with the channels of the domain that the file belongs to.

        Raises:
            BadImage: The file cannot be decoded completely.
        """

    def __call__(
        self, *images: NDArray[Any], roles: Sequence[str] = ("source", "target")
    ) -> tuple[Tensor, ...]:
        """Crop, flip and augment the images of one item identically.

        Args:
            images: (H, W, C) each.
            roles: The role of each image, ``source`` or ``target``: it determines the number of
                channels, whether the image is a label map, and the augmentations (``to: source``).

        Returns:
            (C, H, W) each, in the type that was read.
        """


class Layout(ABC):
    """Reads folders as items of a data set: finds the files, and reports problems with them.

    A factory is called as ``factory(root=, domains=, split=, leave_out=)`` with those of these
    keywords that its signature takes, and raises `translate.errors.DataError` for folders that
    cannot be used. Its other keywords are options: ``data.layout={name: frames, step: 2}``.
    """

    batch: type[Any]
    """The type of its items and batches, such as `Pair`, on the class; or on the layout itself
    if it depends on options."""
    paired: ClassVar[bool] = False
    """True: the files of an item belong together, and have one size."""
    joined: ClassVar[bool] = False
    """True: domains are parts of the same images, not folders."""

    spec: ImageSpec
    """The domains and classes of the layout; the engine sets the size and channels."""
    files: Sequence[Path]
    """Every image file that it may read. The engine checks each once, then creates the layout again
    with ``leave_out``, the bad ones. Empty where images are parts of a file that the layout itself
    has checked."""

    domain_files: Sequence[Sequence[Path]] = ()
    """The files of each domain, in the order of the domains, if no file belongs to several. It may
    be empty: files are then read in colour if any domain is in colour, and converted by role."""

    sources: Sequence[Path] = ()
    """Other files: captions, labels, files of many images. A resume checks them for changes."""

    notes: Sequence[str] = ()
    """Messages for the user before training: skipped files (`folders.lookup.notes`), or items
    without a partner."""

    problems: Sequence[BadImage] = ()
    """Files that cannot be opened, such as dead links; each is listed."""

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of items in an epoch."""

    @abstractmethod
    def pick(self, index: int, random: Random) -> Item:
        """Return the files of an item; a pure function of its arguments.

        Args:
            index: From 0 to the number of items in an epoch.
            random: Random numbers of this item and epoch, such as for the choice of a partner.
        """

    @abstractmethod
    def load(self, item: Item, transform: Transform) -> Any:
        """Return an item, in the type `batch`, with tensors that are not batched.

        Args:
            item: What `pick` returned.
            transform: Reads images, and crops, flips and augments them.

        Raises:
            BadImage: A file cannot be decoded completely.
        """
