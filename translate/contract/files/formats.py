"""The rules of image formats, tested on files that a format writes, and on given files."""

import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from translate.batches import DTYPES
from translate.contract.rules import require
from translate.errors import BadImage
from translate.formats import Format, Header, Window
from translate.images import format_registry
from translate.images.layers import Layers
from translate.images.source import EncodedImage
from translate.registry import create, find

SIDES = (9, 13)
LARGE = (640, 640)
UNTRIED = "not tried: it writes no files, so give it some: check_format(NAME, files=[...])"
MUTANTS = 60
"""damaged files of each kind"""


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
        """The files that are given, and one for each suffix and number of channels it writes."""
        written = [self.write(suffix, channels) for suffix, channels in self.written]
        return [*map(EncodedImage.open, self.files), *written]

    @property
    def written(self) -> Iterator[tuple[str, int]]:
        """Each suffix that it writes, with each number of channels."""
        return ((suffix, n) for suffix, takes in self.format.writes.items() for n in takes.channels)

    def write(self, suffix: str, channels: int) -> EncodedImage:
        """Return a file of random pixels, written by the format."""
        content = self.format.write(pixels(channels), header(channels))
        return EncodedImage(f"image{suffix}", content)


def pixels(channels: int) -> NDArray[np.uint8]:
    """Return random pixels that are the same for the same number of channels."""
    return np.random.default_rng(0).integers(0, 256, (*SIDES, channels), np.uint8)


def header(channels: int, size: tuple[int, int] = SIDES) -> Header:
    """Return the header of an image that holds pixels and nothing else."""
    return Header(format="", size=size, channels=channels)


def names_its_suffixes(subject: FormatSubject) -> str | None:
    """Its suffixes are in lower case, and it writes only files that it also reads."""
    suffixes = set(subject.format.suffixes)
    require(suffixes, "`suffixes` is empty: name at least one, as in {'.npy'}")
    odd = [s for s in sorted(suffixes) if not s.startswith(".") or s != s.lower()]
    require(not odd, f"`suffixes`: expected lower case with a dot, as in '.npy', got {odd}")
    extra = sorted(set(subject.format.writes) - suffixes)
    require(
        not extra, f"`writes` names {extra}, which `suffixes` does not: such files are not listed"
    )
    return None


def leaves_others_alone(subject: FormatSubject) -> str | None:
    """`probe` returns None for files of other formats, and for any bytes that are not its own."""
    others = [
        (named.name, named.format.write(pixels(channels), header(channels)))
        for named in format_registry.formats()
        if named.name != subject.name
        for channels in sorted(
            {n for takes in named.format.writes.values() for n in takes.channels}
        )
    ]
    noise = Random(0).randbytes(64)
    for name, data in [("nothing", b""), ("a zero", b"\0"), ("noise", noise), *others]:
        result = subject.format.probe(EncodedImage("other", data))
        require(result is None, f"`probe` takes {name} for its own: check the first bytes")
    return None


def probes_without_decoding(subject: FormatSubject) -> str | None:
    """`probe` decodes no pixels: it allocates much less memory than the image."""
    for suffix, channels in subject.written:
        black = np.zeros((*LARGE, channels), np.uint8)
        data = subject.format.write(black, header(channels, LARGE))
        subject.format.probe(EncodedImage("image", data))  # which imports what it needs, once
        tracemalloc.start()
        try:
            subject.format.probe(EncodedImage("image", data))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        require(peak < black.nbytes // 2,
             f"`probe` allocates {peak:,} bytes for the {black.nbytes:,} of a {suffix} image: read "
             "its header only")  # fmt: skip
    return None if [*subject.written] else UNTRIED


def reads_what_it_announces(subject: FormatSubject) -> str | None:
    """`read` returns pixels of the size and with the channels that `probe` announces."""
    for image in subject.images:
        header = subject.format.probe(image)
        require(header is not None, f"`probe` returns None for {image.name}, its own file")
        assert header is not None
        _require_shape(image.name, _array(subject.format.read(image)), header)
    return None if subject.images else UNTRIED


def reads_windows(subject: FormatSubject) -> str | None:
    """`read` of a window returns that part of the image."""
    for image in subject.images:
        whole = _array(subject.format.read(image))
        height, width = whole.shape[0] // 2, whole.shape[1] // 3
        if not height or not width:
            continue
        part = _array(subject.format.read(image, 0, Window(1, width, height, width)))
        expected = whole[1 : 1 + height, width : 2 * width]
        same = part.shape == expected.shape and (part == expected).all()
        require(same, f"`read` of {image.name} in a window is not that part of the image")
    return None if subject.images else UNTRIED


def keeps_pixels(subject: FormatSubject) -> str | None:
    """`read` returns the pixels that `write` stored, exactly if the format is `lossless`."""
    for suffix, channels in subject.written:
        image = subject.write(suffix, channels)
        decoded = image.decode(channels=channels)
        same = decoded.dtype == np.uint8 and np.array_equal(decoded, pixels(channels))
        require(same or not subject.format.lossless,
             f"{image.name}: the pixels read differ from those written with {channels} channels: "
             "store them exactly, or set `lossless` to False")  # fmt: skip
    return None if [*subject.written] else UNTRIED


def refuses_damage(subject: FormatSubject) -> str | None:
    """Files that end early are refused; changed ones are refused, or have the announced size."""
    for image in subject.images:
        for length in (len(image.data) // 4, len(image.data) // 2):
            cut = EncodedImage(image.name, image.data[:length])
            require(_refused(cut), f"{image.name}: half of the file is read as an image: raise "
                 "ValueError where pixels are missing")  # fmt: skip
        random = Random(0)
        for _ in range(MUTANTS):
            changed = bytearray(image.data)
            for _ in range(random.randrange(1, 5)):
                changed[random.randrange(len(changed))] = random.randrange(256)
            _refused(EncodedImage(image.name, bytes(changed), max_pixels=1 << 20))
    return None if subject.images else UNTRIED


def _refused(image: EncodedImage) -> bool:
    """Return whether reading `image` raises `BadImage`; other exceptions pass."""
    try:
        image.decode_layers()
    except BadImage:
        return True
    return False


def _require_shape(name: str, pixels: NDArray[Any], header: Header) -> None:
    shape = (*header.size, header.channels)
    require(
        pixels.shape == shape,
        f"{name}: `probe` announces {shape}, and `read` returns {pixels.shape}",
    )
    announced = f"{name}: `probe` announces {header.dtype}"
    require(header.dtype in DTYPES, f"{announced}: expected one of {', '.join(DTYPES)}")
    require(pixels.dtype == header.dtype, f"{announced}, and `read` returns {pixels.dtype}")


def _array(content: NDArray[Any] | Layers) -> NDArray[Any]:
    """Return the result of `read` as (height, width, channels), alpha last."""
    if not isinstance(content, Layers):
        return content if content.ndim == 3 else content[..., None]
    colours = content.pixels if content.pixels.ndim == 3 else content.pixels[..., None]
    if content.alpha is None:
        return colours
    return np.concatenate([colours, content.alpha[..., None]], axis=2)


RULES = (
    names_its_suffixes,
    leaves_others_alone,
    probes_without_decoding,
    reads_what_it_announces,
    reads_windows,
    keeps_pixels,
    refuses_damage,
)
