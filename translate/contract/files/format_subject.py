"""A format under test, and files that it writes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from translate.formats import Format, Header
from translate.images.layers import Layers
from translate.images.source import EncodedImage
from translate.registry import create, find

SIZE = (9, 13)
"""height and width of test images"""
CHANNELS = (1, 3, 4)
"""numbers of channels to test, in addition to the largest number that a format can write"""


class ExampleImage(NamedTuple):
    """A test image that a format can write."""

    suffix: str
    colours: int
    """number of channels without alpha"""
    dtype: str
    alpha: bool
    """whether there is an alpha channel"""

    @property
    def channels(self) -> int:
        """Number of channels, including alpha."""
        return self.colours + self.alpha

    @property
    def description(self) -> str:
        """Suffix, channels and dtype, for messages."""
        alpha = " and alpha" if self.alpha else ""
        return f"image{self.suffix} of {self.colours} channels of {self.dtype}{alpha}"

    def pixels(self) -> NDArray[Any]:
        """Return random pixels (H, W, C), the same at every call.

        Integers are uniform over the whole range of their dtype; floats are standard normal.
        """
        random, shape = np.random.default_rng(0), (*SIZE, self.channels)
        if self.dtype.startswith("float"):
            return random.normal(size=shape).astype(self.dtype)
        limits = np.iinfo(self.dtype)
        return random.integers(limits.min, limits.max, shape, self.dtype, endpoint=True)

    def header(self, size: tuple[int, int] = SIZE) -> Header:
        """Return the header of an image without metadata."""
        return Header(
            format="", size=size, channels=self.channels, dtype=self.dtype, alpha=self.alpha
        )


@dataclass(frozen=True)
class FormatSubject:
    """A format under test."""

    name: str
    files: Sequence[Path] = ()
    """files that the format can read"""

    @property
    def owner(self) -> object:
        """The class or function of the plugin."""
        return find("format", self.name)

    @cached_property
    def format(self) -> Format:
        """The format, created once."""
        created: Format = create("format", self.name)
        return created

    @cached_property
    def images(self) -> list[EncodedImage]:
        """The given files, and a file for each example."""
        return [*map(EncodedImage.open, self.files), *map(self.write, self.examples)]

    @property
    def examples(self) -> list[ExampleImage]:
        """The examples of the format, as `example_images` selects them."""
        return list(example_images(self.format))

    def write(self, example: ExampleImage) -> EncodedImage:
        """Return the pixels of `example` as a file that the format writes."""
        content = self.format.write(example.pixels(), example.header())
        return EncodedImage(f"image{example.suffix}", content)


def example_images(image_format: Format) -> Iterator[ExampleImage]:
    """Yield the examples that test what a format declares to write.

    For each suffix, the first dtype is tested with the largest number of channels and with those of
    `CHANNELS` that the format supports; other dtypes are tested with the smallest of these numbers.
    If the format supports alpha, gray and RGB images of every dtype are also tested with alpha.
    """
    for suffix, writable in image_format.writes.items():
        counts = sorted({n for n in CHANNELS if n in writable.channels} | {max(writable.channels)})
        for index, dtype in enumerate(writable.dtypes):
            for count in counts:
                if index == 0 or count == counts[0]:
                    yield ExampleImage(suffix, count, dtype, alpha=False)
                if writable.alpha and count in (1, 3):
                    yield ExampleImage(suffix, count, dtype, alpha=True)


def as_array(content: NDArray[Any] | Layers) -> NDArray[Any]:
    """Return the result of `Format.read` as (height, width, channels), alpha last."""
    if not isinstance(content, Layers):
        return content if content.ndim == 3 else content[..., None]
    colours = content.pixels if content.pixels.ndim == 3 else content.pixels[..., None]
    if content.alpha is None:
        return colours
    return np.concatenate([colours, content.alpha[..., None]], axis=2)
