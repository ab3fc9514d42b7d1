"""The rules of image formats, tested on files that a format writes, and on given files."""

import tracemalloc
from collections.abc import Iterator
from io import BytesIO
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from translate.batches import DTYPES
from translate.contract.files.format_subject import (
    FormatSubject,
    Sample,
    as_array,
    samples_of,
)
from translate.contract.rules import require
from translate.errors import BadImage
from translate.formats import Header, Window, WindowedFormat
from translate.images.files import format_registry
from translate.images.source import EncodedImage

LARGE = (640, 640)
UNTRIED = "not tried: it writes no files, so give it some: check_format(NAME, files=[...])"
MUTANTS = 20
"""damaged files of each kind"""
TILE = 16
TILED = (2 * TILE + 5, 3 * TILE + 7)
"""sides of an image that no tile divides"""


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
    unknown = sorted(
        {t for takes in subject.format.writes.values() for t in takes.dtypes} - {*DTYPES}
    )
    require(not unknown, f"`writes` names the types {unknown}: expected some of {DTYPES}")
    return None


def leaves_others_alone(subject: FormatSubject) -> str | None:
    """`probe` returns None for files of other formats, and for any bytes that are not its own."""
    others = [
        (named.name, named.format.write(sample.pixels(), sample.header()))
        for named in format_registry.formats()
        if named.name != subject.name
        for sample in samples_of(named.format)
        if sample.channels < 5
    ]
    noise = Random(0).randbytes(64)
    for name, data in [("nothing", b""), ("a zero", b"\0"), ("noise", noise), *others]:
        result = subject.format.probe(EncodedImage("other", data))
        require(result is None, f"`probe` takes {name} for its own: check the first bytes")
    return None


def probes_without_decoding(subject: FormatSubject) -> str | None:
    """`probe` decodes no pixels: it allocates much less memory than the image."""
    for sample in {sample.suffix: sample for sample in subject.samples}.values():
        black = np.zeros((*LARGE, sample.channels), sample.dtype)
        data = subject.format.write(black, sample.header(LARGE))
        subject.format.probe(EncodedImage("image", data))  # which imports what it needs, once
        tracemalloc.start()
        try:
            subject.format.probe(EncodedImage("image", data))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        require(peak < black.nbytes // 2,
             f"`probe` allocates {peak:,} bytes for the {black.nbytes:,} of a {sample.suffix} "
             "image: read its header only")  # fmt: skip
    return None if subject.samples else UNTRIED


def reads_what_it_announces(subject: FormatSubject) -> str | None:
    """`read` returns pixels of the size, channels and type that `probe` announces."""
    for image in subject.images:
        header = subject.format.probe(image)
        require(header is not None, f"`probe` returns None for {image.name}, its own file")
        assert header is not None
        _require_announced(image.name, as_array(subject.format.read(image)), header)
    return None if subject.images else UNTRIED


def reads_windows(subject: FormatSubject) -> str | None:
    """`read` of a window returns that part of the image."""
    for image in subject.images:
        whole = as_array(subject.format.read(image))
        height, width = whole.shape[0] // 2, whole.shape[1] // 3
        if not height or not width:
            continue
        for top, left in ((1, width), (whole.shape[0] - height, whole.shape[1] - width)):
            part = as_array(subject.format.read(image, 0, Window(top, left, height, width)))
            expected = whole[top : top + height, left : left + width]
            require(_are_equal(part, expected),
                 f"`read` of {image.name} in a window is not that part of the image")  # fmt: skip
    return None if subject.images else UNTRIED


def keeps_pixels(subject: FormatSubject) -> str | None:
    """`read` returns what `write` stored: its type, and if `lossless` exactly its numbers."""
    for sample in subject.samples:
        image = subject.write(sample)
        dtype = image.header.dtype
        require(dtype == sample.dtype, f"{sample.text} is read back as {dtype}: store its type, or "
             "leave it out of `writes`")  # fmt: skip
        colours, expected = _colours(image, sample), sample.pixels()[..., : sample.colours]
        require(_are_equal(colours, expected) or not subject.format.lossless,
             f"{sample.text}: the pixels read differ from those written: store them exactly, or "
             "set `lossless` to False")  # fmt: skip
    return None if subject.samples else UNTRIED


def keeps_opacity(subject: FormatSubject) -> str | None:
    """`read` returns opacity where `write` got it, and nowhere else."""
    for sample in subject.samples:
        image = subject.write(sample)
        alpha = image.decode_layers().alpha
        announced = image.header.alpha
        require(announced == (alpha is not None),
             f"{sample.text}: `probe` announces `alpha` {announced}, and `read` returns the "
             "contrary")  # fmt: skip
        require((alpha is not None) == sample.alpha,
             f"{sample.text}: opacity is {'lost' if sample.alpha else 'made up'}: write the last "
             "channel as opacity where `like.alpha` is true")  # fmt: skip
        if alpha is not None and subject.format.lossless:
            require(_are_equal(alpha, sample.pixels()[..., -1]),
                 f"{sample.text}: the opacity read differs from that written")  # fmt: skip
    return None if subject.samples else UNTRIED


def writes_tiles(subject: FormatSubject) -> str | None:
    """`write_tiles`, if it is there, stores the image that `write` stores."""
    if not isinstance(subject.format, WindowedFormat):
        return "not tried: it is not written in tiles"
    for sample in subject.samples:
        pixels = np.resize(sample.pixels(), (*TILED, sample.channels))
        file = BytesIO()
        subject.format.write_tiles(
            file, _tiles(pixels), TILED, sample.channels, sample.dtype, TILE, sample.header(TILED)
        )
        whole = as_array(EncodedImage("image", file.getvalue()).decode_layers())
        same = _are_equal(whole, pixels) or not subject.format.lossless
        require(same, f"{sample.text}, written with `write_tiles`, differs from its tiles")
    return None


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


def _require_announced(name: str, pixels: NDArray[Any], header: Header) -> None:
    shape = (*header.size, header.channels)
    require(
        pixels.shape == shape,
        f"{name}: `probe` announces {shape}, and `read` returns {pixels.shape}",
    )
    require(header.dtype in DTYPES,
         f"{name}: `probe` announces {header.dtype}: expected one of {DTYPES}")  # fmt: skip
    require(
        pixels.dtype == header.dtype,
        f"{name}: `probe` announces {header.dtype}, and `read` returns {pixels.dtype}",
    )


def _colours(image: EncodedImage, sample: Sample) -> NDArray[Any]:
    """Return the colours of a file; gray that was stored as three equal ones is gray."""
    pixels = image.decode_layers().pixels
    colours = pixels if pixels.ndim == 3 else pixels[..., None]
    repeated = sample.colours == 1 and _are_equal(colours, colours[..., :1].repeat(3, axis=2))
    return colours[..., :1] if repeated else colours


def _are_equal(pixels: NDArray[Any], others: NDArray[Any]) -> bool:
    return pixels.shape == others.shape and bool((pixels == others).all())


def _tiles(pixels: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield (TILE, TILE, channels), padded, from left to right and from top to bottom."""
    for top in range(0, pixels.shape[0], TILE):
        for left in range(0, pixels.shape[1], TILE):
            part = pixels[top : top + TILE, left : left + TILE]
            missing = [(0, TILE - part.shape[0]), (0, TILE - part.shape[1]), (0, 0)]
            yield np.pad(part, missing)


RULES = (
    names_its_suffixes,
    leaves_others_alone,
    probes_without_decoding,
    reads_what_it_announces,
    reads_windows,
    keeps_pixels,
    keeps_opacity,
    refuses_damage,
    writes_tiles,
)
