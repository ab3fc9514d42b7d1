"""The rules of image formats, tested on files that a format writes and on given files."""

import tracemalloc
from collections.abc import Iterator
from io import BytesIO
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from translate.batches import DTYPES
from translate.contract.files.format_subject import (
    ExampleImage,
    FormatSubject,
    as_array,
    example_images,
)
from translate.contract.rules import require
from translate.errors import BadImage
from translate.formats import Header, Window, WindowedFormat
from translate.images.files import format_registry
from translate.images.source import EncodedImage

LARGE_SIZE = (640, 640)
"""height and width of the image in the measurement of memory"""
NO_FILES = "not tested: it writes no files; give it some: check_format(NAME, files=[...])"
MUTATIONS = 20
"""number of randomly changed copies of each file"""
TILE = 16
"""height and width of tiles"""
TILED_SIZE = (2 * TILE + 5, 3 * TILE + 7)
"""height and width of an image, no multiples of the tile size"""


def names_its_suffixes(subject: FormatSubject) -> None:
    """Name suffixes in lower case, and write only files with one of them."""
    suffixes = set(subject.format.suffixes)
    require(suffixes, "`suffixes` is empty: name at least one, as in {'.npy'}")
    invalid = [s for s in sorted(suffixes) if not s.startswith(".") or s != s.lower()]
    require(not invalid, f"`suffixes`: expected lower case with a dot, as in '.npy', got {invalid}")
    unread = sorted(set(subject.format.writes) - suffixes)
    require(not unread, f"`writes` has {unread}, which `suffixes` lacks: such files are not read")
    unknown = sorted({t for w in subject.format.writes.values() for t in w.dtypes} - {*DTYPES})
    require(not unknown, f"`writes` has the dtypes {unknown}: expected some of {DTYPES}")


def rejects_other_formats(subject: FormatSubject) -> None:
    """Return None from `probe` for files of other formats and for any other bytes."""
    files = [
        ("an empty file", b""),
        ("a zero byte", b"\0"),
        ("random bytes", Random(0).randbytes(64)),
        *(
            (other.name, other.format.write(example.pixels(), example.header()))
            for other in format_registry.formats()
            if other.name != subject.name
            for example in example_images(other.format)
        ),
    ]
    for name, data in files:
        result = subject.format.probe(EncodedImage("other", data))
        require(result is None, f"`probe` accepts {name}: check the first bytes")


def probes_without_decoding(subject: FormatSubject) -> str | None:
    """Decode no pixels in `probe`: allocate much less memory than the image."""
    for example in {example.suffix: example for example in subject.examples}.values():
        black = np.zeros((*LARGE_SIZE, example.channels), example.dtype)
        data = subject.format.write(black, example.header(LARGE_SIZE))
        subject.format.probe(EncodedImage("image", data))  # the first call may import modules
        tracemalloc.start()
        try:
            subject.format.probe(EncodedImage("image", data))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        require(peak < black.nbytes // 2,
             f"`probe` allocates {peak:,} bytes for a {example.suffix} image of {black.nbytes:,}: "
             "read only its header")  # fmt: skip
    return None if subject.examples else NO_FILES


def reads_what_probe_declares(subject: FormatSubject) -> str | None:
    """Return from `read` pixels of the size, channels and dtype that `probe` declares."""
    for image in subject.images:
        header = subject.format.probe(image)
        if header is None:
            raise AssertionError(f"`probe` returns None for {image.name}, which it wrote")
        _require_header_matches(image.name, as_array(subject.format.read(image)), header)
    return None if subject.images else NO_FILES


def reads_windows(subject: FormatSubject) -> str | None:
    """Return from `read`, if called with a window, the pixels within the window."""
    for image in subject.images:
        whole_image = as_array(subject.format.read(image))
        height, width = whole_image.shape[0] // 2, whole_image.shape[1] // 3
        if not height or not width:
            continue
        for top, left in (
            (1, width),
            (whole_image.shape[0] - height, whole_image.shape[1] - width),
        ):
            part = as_array(subject.format.read(image, 0, Window(top, left, height, width)))
            expected = whole_image[top : top + height, left : left + width]
            require(np.array_equal(part, expected),
                 f"`read` of {image.name} in a window is not that part of the image")  # fmt: skip
    return None if subject.images else NO_FILES


def keeps_pixels(subject: FormatSubject) -> str | None:
    """Return from `read` the dtype that `write` stored and, if `lossless`, the exact pixels."""
    for example in subject.examples:
        image = subject.write(example)
        dtype = image.header.dtype
        require(dtype == example.dtype, f"{example.description} is read back as {dtype}: store the "
             "dtype, or remove it from `writes`")  # fmt: skip
        colours, expected = _colours(image, example), example.pixels()[..., : example.colours]
        require(np.array_equal(colours, expected) or not subject.format.lossless,
             f"{example.description}: pixels change when they are written and read: store them "
             "exactly, or set `lossless` to False")  # fmt: skip
    return None if subject.examples else NO_FILES


def keeps_alpha(subject: FormatSubject) -> str | None:
    """Return alpha from `read` if and only if `write` got it."""
    for example in subject.examples:
        image = subject.write(example)
        alpha = image.decode_layers().alpha
        in_probe = image.header.alpha
        require(in_probe == (alpha is not None),
             f"{example.description}: `probe` declares `alpha` {in_probe}, and `read` returns the "
             "opposite")  # fmt: skip
        require((alpha is not None) == example.alpha,
             f"{example.description}: alpha is {'lost' if example.alpha else 'added'}: write the "
             "last channel as alpha if `like.alpha` is true")  # fmt: skip
        if alpha is not None and subject.format.lossless:
            require(np.array_equal(alpha, example.pixels()[..., -1]),
                 f"{example.description}: alpha changes when it is written and read")  # fmt: skip
    return None if subject.examples else NO_FILES


def writes_tiles(subject: FormatSubject) -> str | None:
    """Store with `write_tiles`, if it exists, the same image as with `write`."""
    if not isinstance(subject.format, WindowedFormat):
        return "it has no write_tiles"
    for example in subject.examples:
        pixels = np.resize(example.pixels(), (*TILED_SIZE, example.channels))
        file, header = BytesIO(), example.header(TILED_SIZE)
        subject.format.write_tiles(
            file, _tiles(pixels), TILED_SIZE, example.channels, example.dtype, TILE, header
        )
        whole_image = as_array(EncodedImage("image", file.getvalue()).decode_layers())
        same = np.array_equal(whole_image, pixels) or not subject.format.lossless
        require(same, f"{example.description}: `write_tiles` stores other pixels than its tiles")
    return None


def rejects_damaged_files(subject: FormatSubject) -> str | None:
    """Raise an error for truncated files; read changed ones in the declared size, or not at all."""
    for image in subject.images:
        for length in (len(image.data) // 4, len(image.data) // 2):
            truncated = EncodedImage(image.name, image.data[:length])
            require(_is_rejected(truncated), f"{image.name}: a truncated file is read as an image: "
                 "raise ValueError if pixels are missing")  # fmt: skip
        random = Random(0)
        for _ in range(MUTATIONS):
            changed_data = bytearray(image.data)
            for _ in range(random.randrange(1, 5)):
                changed_data[random.randrange(len(changed_data))] = random.randrange(256)
            _is_rejected(EncodedImage(image.name, bytes(changed_data), max_pixels=1 << 20))
    return None if subject.images else NO_FILES


def _is_rejected(image: EncodedImage) -> bool:
    """Return whether reading `image` raises `BadImage`; raise any other exception."""
    try:
        image.decode_layers()
    except BadImage:
        return True
    return False


def _require_header_matches(name: str, pixels: NDArray[Any], header: Header) -> None:
    shape, dtype = (*header.size, header.channels), header.dtype
    message = f"{name}: `probe` declares {shape}, and `read` returns {pixels.shape}"
    require(pixels.shape == shape, message)
    require(dtype in DTYPES, f"{name}: `probe` declares {dtype}: expected one of {DTYPES}")
    message = f"{name}: `probe` declares {dtype}, and `read` returns {pixels.dtype}"
    require(pixels.dtype == dtype, message)


def _colours(image: EncodedImage, example: ExampleImage) -> NDArray[Any]:
    """Return the colours of a file; if `example` is gray, three equal channels become one."""
    colours = as_array(image.decode_layers().pixels)
    repeated = example.colours == 1 and np.array_equal(colours, colours[..., :1].repeat(3, axis=2))
    return colours[..., :1] if repeated else colours


def _tiles(pixels: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield padded tiles (TILE, TILE, channels) in row-major order."""
    for top in range(0, pixels.shape[0], TILE):
        for left in range(0, pixels.shape[1], TILE):
            tile = pixels[top : top + TILE, left : left + TILE]
            yield np.pad(tile, [(0, TILE - tile.shape[0]), (0, TILE - tile.shape[1]), (0, 0)])


RULES = (
    names_its_suffixes,
    rejects_other_formats,
    probes_without_decoding,
    reads_what_probe_declares,
    reads_windows,
    keeps_pixels,
    keeps_alpha,
    rejects_damaged_files,
    writes_tiles,
)
