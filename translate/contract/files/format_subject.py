"""Formats under test, and the files that are written with them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from translate.formats import Format, Header
from translate.images.layers import Layers
from translate.images.source import EncodedImage
from translate.registry import create, find

SIDES = (9, 13)
COUNTED = (1, 3, 4)
"""numbers of channels that are tried, and the largest one"""


class Sample(NamedTuple):
    """Random pixels that a format says it can write."""

    suffix: str
    colours: int
    """number of channels, without that of opacity"""
    dtype: str
    alpha: bool

    @property
    def channels(self) -> int:
        """Number of channels, with that of opacity."""
        return self.colours + self.alpha

    @property
    def text(self) -> str:
        """What it is, in a message."""
        opacity = " and opacity" if self.alpha else ""
        return f"image{self.suffix} of {self.colours} channels of {self.dtype}{opacity}"

    def pixels(self) -> NDArray[Any]:
        """Return the same random pixels at every call, from the whole range of their type."""
        random, shape = np.random.default_rng(0), (*SIDES, self.channels)
        if self.dtype.startswith("float"):
            return random.normal(size=shape).astype(self.dtype)
        ends = np.iinfo(self.dtype)
        return random.integers(ends.min, ends.max, shape, self.dtype, endpoint=True)

    def header(self, size: tuple[int, int] = SIDES) -> Header:
        """Return the header of an image that holds pixels and nothing else."""
        return Header(
            format="", size=size, channels=self.channels, dtype=self.dtype, alpha=self.alpha
        )


@dataclass(frozen=True)
class FormatSubject:
    """A format under test."""

    name: str
    files: Sequence[Path] = ()

    example: ClassVar[None] = None
    """a format is given no batch"""

    @property
    def owner(self) -> object:
        """The class or function of the plugin."""
        return find("format", self.name)

    @cached_property
    def format(self) -> Format:
        """The format, created once."""
        made: Format = create("format", self.name)
        return made

    @cached_property
    def images(self) -> list[EncodedImage]:
        """The files that are given, and one for each sample."""
        return [*map(EncodedImage.open, self.files), *map(self.write, self.samples)]

    @property
    def samples(self) -> list[Sample]:
        """Pixels of each suffix, number of channels and type that it writes."""
        return list(samples_of(self.format))

    def write(self, sample: Sample) -> EncodedImage:
        """Return a file of random pixels, written by the format."""
        content = self.format.write(sample.pixels(), sample.header())
        return EncodedImage(f"image{sample.suffix}", content)


def samples_of(form: Format) -> Iterator[Sample]:
    """Yield pixels of each suffix and type that a format writes, of the first in all channels."""
    for suffix, takes in form.writes.items():
        counts = sorted({n for n in COUNTED if n in takes.channels} | {max(takes.channels)})
        for place, dtype in enumerate(takes.dtypes):
            chosen = counts if not place else counts[:1]
            yield from (Sample(suffix, count, dtype, alpha=False) for count in chosen)
            if takes.alpha:
                small = (count for count in counts if count in (1, 3))
                yield from (Sample(suffix, count, dtype, alpha=True) for count in small)


def as_array(content: NDArray[Any] | Layers) -> NDArray[Any]:
    """Return the result of `Format.read` as (height, width, channels), opacity last."""
    if not isinstance(content, Layers):
        return content if content.ndim == 3 else content[..., None]
    colours = content.pixels if content.pixels.ndim == 3 else content.pixels[..., None]
    if content.alpha is None:
        return colours
    return np.concatenate([colours, content.alpha[..., None]], axis=2)
