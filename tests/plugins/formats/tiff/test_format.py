"""TIFF tags: each kind is read as by tifffile, or refused with the reason."""

import logging
import struct
from collections.abc import Sequence
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from encoded_images import decode_bytes, header_of
from numpy.typing import NDArray
from PIL import Image, ImageOps

from translate.errors import BadImage
from translate.formats import Window
from translate.images import masks
from translate.images.layers import Layers
from translate.images.metadata.lost import losses
from translate.images.source import EncodedImage
from translate_plugins.formats.tiff import directories
from translate_plugins.formats.tiff.format import Tiff

KINDS = {"u1": "uint8", "u2": "uint16", "i2": "int16", "f4": "float32"}
"""types of files, and what they are read as: the same"""
WIDER = {"i1": "int16", "u4": "float32", "i4": "float32", "u8": "float32", "f2": "float32",
         "f8": "float32"}  # fmt: skip
BANDS: list[tuple[int, str, tuple[int, ...] | None]] = [
    (1, "minisblack", None), (2, "minisblack", (0,)), (2, "minisblack", (2,)), (3, "rgb", None),
    (4, "rgb", (0,)), (4, "rgb", (2,)), (5, "minisblack", (0,) * 4), (7, "rgb", (0,) * 4),
    (64, "minisblack", (0,) * 63),
]  # fmt: skip
STORED: list[dict[str, Any]] = [
    {}, {"byteorder": ">"}, {"compression": "zlib", "predictor": True}, {"tile": (16, 16)},
    {"bigtiff": True, "byteorder": ">"}, {"compression": "lzw", "rowsperstrip": 7},
    {"compression": "zstd", "tile": (32, 16)}, {"compression": "packbits"},
    {"compression": "lzma"}, {"rowsperstrip": 3},
]  # fmt: skip
OTHER = (273, 279, 305, 324, 325)
"""tags of where blocks are, of their lengths, and of the program"""


def numbers(kind: str, bands: int) -> NDArray[Any]:
    random, dtype = np.random.default_rng(0), np.dtype(kind)
    if dtype.kind == "f":
        return random.random((18, 33, bands)).astype(dtype)
    ends = np.iinfo(dtype)
    return random.integers(ends.min, ends.max, (18, 33, bands), dtype, endpoint=True)


def content(values: NDArray[Any], **options: Any) -> bytes:
    buffer = BytesIO()
    values = values[..., 0] if values.shape[2:] == (1,) else values
    tifffile.imwrite(buffer, np.ascontiguousarray(values), metadata=None, **options)
    return buffer.getvalue()


def stored(values: NDArray[Any], bands: tuple[int, str, Any], planar: str, **options: Any) -> bytes:
    """Return a TIFF of (height, width, bands) values."""
    count, photometric, extra = bands
    if count > 1:
        options |= {"extrasamples": extra, "planarconfig": planar}
    values = np.moveaxis(values, -1, 0) if planar == "separate" else values
    return content(values, photometric=photometric, **options)


def tags_of(data: bytes) -> dict[int, Any]:
    with tifffile.TiffFile(BytesIO(data)) as file:
        tags = {tag.code: tag.value for tag in file.pages[0].tags if tag.code not in OTHER}
        return {**tags, 0: (file.byteorder, file.is_bigtiff)}


def all_bands(layers: Layers) -> NDArray[Any]:
    pixels = layers.pixels if layers.pixels.ndim == 3 else layers.pixels[..., None]
    return pixels if layers.alpha is None else np.dstack([pixels, layers.alpha])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bands", BANDS, ids=lambda bands: f"{bands[0]}-{bands[1]}")
def test_D22_every_kind_is_read_whole_and_in_windows_and_written_alike(
    kind: str, bands: tuple[int, str, tuple[int, ...] | None]
) -> None:
    values, window = numbers(kind, bands[0]), Window(3, 5, 11, 21)
    for planar, options in [*product(["contig"], STORED), *product(["separate"], STORED[:4])]:
        data = stored(values, bands, planar, **options)
        image = EncodedImage("x", data, 10**6)
        header = image.header
        assert (header.size, header.channels) == ((18, 33), bands[0])
        assert (header.dtype, header.alpha) == (KINDS[kind], bands[2] == (2,))
        assert (all_bands(image.decode_layers()) == values).all(), (planar, options)
        part = all_bands(EncodedImage("x", data, 10**6).decode_layers(0, window))
        assert (part == values[3:14, 5:26]).all(), (planar, options)
        written = Tiff().write(values, header)
        assert (tifffile.imread(BytesIO(written)) == tifffile.imread(BytesIO(data))).all()
        assert tags_of(written) == tags_of(data), (planar, options)


@pytest.mark.parametrize("kind", WIDER)
def test_D22_other_types_are_read_as_a_wider_one_where_it_has_their_numbers(kind: str) -> None:
    dtype = np.dtype(kind)
    ends = np.iinfo(dtype) if dtype.kind in "iu" else None
    low = max(ends.min, -(2**24)) if ends else -1.5
    values = np.array([low, 0, 1, min(ends.max, 2**24) if ends else 1000], kind).reshape(2, 2)
    for options in STORED[:2]:
        image = EncodedImage("x", content(values, photometric="minisblack", **options))
        assert image.header.dtype == WIDER[kind]
        assert (image.decode_layers().pixels == values).all()


def test_D22_numbers_that_no_type_holds_are_refused() -> None:
    for value, kind, reason in (
        (2**24 + 1, "u4", "a TIFF of 1 band of uint32: only whole numbers up to 2..24"),
        (-(2**40), "i8", "a TIFF of 1 band of int64: only whole numbers"),
        (1e300, "f8", "a TIFF of 1 band of float64: numbers beyond 3e38"),
    ):
        image = EncodedImage("x", content(np.full((2, 2), value, kind), photometric="minisblack"))
        with pytest.raises(BadImage, match=reason):
            image.decode_layers()
    with pytest.raises(BadImage, match="of complex64: integers and floats of one type"):
        header_of(content(np.zeros((2, 2), "c8"), photometric="minisblack"))
    with pytest.raises(BadImage, match="a TIFF of 65 bands of uint8: at most 64 bands"):
        header_of(content(numbers("u1", 65), photometric="minisblack", planarconfig="contig"))


@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
@pytest.mark.parametrize("colours", [1, 3])
def test_D22_premultiplied_opacity_is_divided_out(kind: str, colours: int) -> None:
    white = np.iinfo(kind).max if kind != "f4" else 1
    straight, alpha = numbers(kind, colours), numbers(kind, 1)
    values = np.dstack([straight / white * alpha, alpha])
    values = (np.rint(values) if kind != "f4" else values).astype(kind)
    photometric = "minisblack" if colours == 1 else "rgb"
    data = content(values, photometric=photometric, extrasamples=(1,), planarconfig="contig")
    layers = EncodedImage("x", data).decode_layers()
    assert layers.alpha is not None
    assert (layers.alpha == alpha[..., 0]).all()
    opaque = alpha[..., 0] > white / 2
    error = all_bands(layers)[..., :colours].astype(float) - straight
    assert np.abs(error[opaque]).max() <= (1e-6 if kind == "f4" else 1.5)


@pytest.mark.parametrize("kind", ["u1", "u2"])
@pytest.mark.parametrize("extra", [(), (0,), (2,)])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_D22_cmyk_becomes_rgb_in_its_own_depth(
    kind: str, extra: tuple[int, ...], planar: str
) -> None:
    values, white = numbers(kind, 4 + len(extra)), np.iinfo(kind).max
    data = stored(values, (values.shape[2], "separated", extra or None), planar)
    layers = EncodedImage("x", data).decode_layers()
    paper = 1 - values[..., :4] / white
    rgb = np.rint(paper[..., :3] * paper[..., 3:] * white)
    assert layers.pixels.dtype == kind
    assert np.abs(all_bands(layers)[..., :3] - rgb).max() <= 1
    assert (all_bands(layers)[..., 3:] == values[..., 4:]).all()
    assert (layers.alpha is not None) == (extra == (2,))


def test_D22_opacity_between_other_bands_becomes_the_last_channel() -> None:
    values = numbers("u1", 6)
    data = content(values, photometric="rgb", extrasamples=(0, 2, 0), planarconfig="contig")
    image = EncodedImage("x", data)
    assert (all_bands(image.decode_layers()) == values[..., [0, 1, 2, 3, 5, 4]]).all()
    assert tags_of(Tiff().write(values, image.header))[338] == (0, 0, 2)


@pytest.mark.parametrize("depth", ["u1", "u2"])
def test_D22_an_extra_band_is_not_alpha_at_either_depth(depth: str) -> None:
    data = content(numbers(depth, 4), photometric="rgb", extrasamples=(0,))
    header = header_of(data)
    assert (header.channels, header.alpha) == (4, False)
    with pytest.raises(BadImage, match="has no hole"):
        hole_of(data)


def hole_of(data: bytes) -> NDArray[np.uint8]:
    return masks.hole_from_alpha(EncodedImage("x.tif", data).decode_layers(), Path("x.tif"))


@pytest.mark.parametrize("depth", ["u1", "u2"])
def test_a_fourth_band_without_a_tag_is_not_alpha(depth: str) -> None:
    values = numbers(depth, 4)
    data = bytearray(content(values, photometric="rgb", extrasamples=(2,)))
    position = data.index(struct.pack("<HHI", 338, 3, 1))
    data[position : position + 2] = struct.pack("<H", 337)  # TargetPrinter, which no reader uses
    layers = EncodedImage("x", bytes(data)).decode_layers()
    assert layers.alpha is None
    assert (layers.pixels == values).all()


@pytest.mark.parametrize("kind", ["u1", "u2"])
@pytest.mark.parametrize("tile", [None, (16, 16), (2, 16, 16)])
def test_D22_a_volume_in_one_page_is_refused(kind: str, tile: tuple[int, ...] | None) -> None:
    volume = numbers(kind, 3).transpose(2, 0, 1)
    data = content(volume, photometric="minisblack", volumetric=True, tile=tile)
    with pytest.raises(BadImage, match="a volume of 3 slices in one page is not read"):
        decode_bytes(data)


def test_D22_a_kind_that_is_not_read_is_refused_by_name(capfd: Any) -> None:
    for tags, reason in (
        ({262: [4]}, "a transparency mask is not read, but gray, RGB"),
        ({262: [1], 339: [2], 258: [1]}, "of int1: integers and floats of one type can be read"),
        ({262: [2], 277: [2], 258: [8, 8]}, "3 belong to such colours: it is damaged"),
        ({262: [0], 339: [2]}, "0 as white is read of numbers without a sign alone"),
        ({262: [3], 258: [16]}, "more than 8 bits are read of gray, RGB and CMYK alone"),
        ({262: [5], 277: [4], 258: [8] * 4, 332: [2]}, "InkSet 2 is not read, but 1"),
        ({262: [1], 259: [34712]}, "compression JPEG2000 is not read: expected one of"),
        ({262: [1], 258: [8, 4], 277: [2]}, "a TIFF of 2 bands of uint mixed depths"),
    ):
        data = handmade({258: [8], 277: [1], **tags}, bytes(64), (2, 3))
        with pytest.raises(BadImage, match=reason) as error:
            header_of(data)
        assert error.value.reason.startswith("a TIFF of ")
    logging.getLogger("PIL.TiffImagePlugin").error("More samples per pixel than can be decoded")
    logging.getLogger("tifffile").error("missing data offset tag")
    assert capfd.readouterr() == ("", "")


def test_D22_white_is_zero_holds_at_every_depth() -> None:
    for kind, white in (("u1", 255), ("u2", 65535), ("f4", 1), ("f8", 1)):
        values = np.array([[[0], [white]]], kind)
        for options in STORED[:4]:
            data = content(values, photometric="miniswhite", **options)
            assert decode_bytes(data, channels=1).ravel().tolist() == [white, 0]


def pack_bits(values: NDArray[Any], bits: int) -> bytes:
    """Return rows of values of `bits` bits, each row padded to whole bytes."""
    rows = []
    for row in values.reshape(len(values), -1):
        text = "".join(f"{int(value):0{bits}b}" for value in row)
        text += "0" * (-len(text) % 8)
        rows.append(int(text, 2).to_bytes(len(text) // 8, "big"))
    return b"".join(rows)


def handmade(
    tags: dict[int, Sequence[int]], pixels: bytes, size: tuple[int, int], order: str = "<"
) -> bytes:
    """Return a TIFF of one page with these tags, all SHORT."""
    height, width = size
    start = 8
    own = {256: [width], 257: [height], 259: [1], 278: [height], 273: [start], 279: [len(pixels)]}
    pixels += b"\0" * (len(pixels) % 2)
    position = start + len(pixels)
    entries, pool = b"", b""
    tags_sorted = sorted({**own, **tags}.items())
    after = position + 2 + 12 * len(tags_sorted) + 4
    for tag, values in tags_sorted:
        raw = struct.pack(f"{order}{len(values)}H", *values)
        if len(raw) > 4:
            value, pool = struct.pack(f"{order}I", after + len(pool)), pool + raw
        else:
            value = raw.ljust(4, b"\0")
        entries += struct.pack(f"{order}HHI", tag, 3, len(values)) + value
    begin = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", position)
    return begin + pixels + struct.pack(f"{order}H", len(tags_sorted)) + entries + b"\0" * 4 + pool


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("bits", "bands"), [*product([1, 2, 4, 6, 10, 12, 14], [1, 3])])
def test_D22_other_depths_span_the_whole_range(bits: int, bands: int, order: str) -> None:
    values = np.random.default_rng(0).integers(0, 2**bits, (5, 7, bands))
    values[0, :2] = np.array([0, 2**bits - 1])[:, None]
    tags = {258: [bits] * bands, 262: [1 if bands == 1 else 2], 277: [bands]}
    data = handmade(tags, pack_bits(values, bits), (5, 7), order)
    pixels = decode_bytes(data, channels=bands)
    white = np.iinfo(pixels.dtype).max
    assert pixels.dtype == (np.uint16 if bits > 8 else np.uint8)
    assert np.abs(pixels - values * (white / (2**bits - 1))).max() <= 1
    assert (pixels[0, 0, 0], pixels[0, 1, 0]) == (0, white)


def test_a_palette_of_8_bit_colours_keeps_its_colours() -> None:
    index = np.arange(4).reshape(2, 2)
    colours = np.array([[0, 0, 0], [255, 0, 0], [10, 200, 30], [255, 255, 255]])
    for scale in (257, 1):
        table = np.zeros((256, 3), int)
        table[:4] = colours * scale
        tags = {258: [8], 262: [3], 277: [1], 320: table.T.ravel().tolist()}
        data = handmade(tags, pack_bits(index, 8), (2, 2))
        assert (decode_bytes(data).reshape(4, 3) == colours).all()
        (note,) = losses(header_of(data))
        assert note == ("colour", "a palette becomes RGB")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
def test_D6_a_tiff_of_any_depth_is_read_upright(kind: str, orientation: int) -> None:
    values = numbers(kind, 3)
    tags = [(274, "H", 1, orientation, True)]
    data = content(values, photometric="rgb", extratags=tags)
    plain = decode_bytes(content(values, photometric="rgb"))
    exif = Image.Exif()
    exif[274] = orientation
    index = Image.fromarray(np.arange(18 * 33, dtype=np.int32).reshape(18, 33))
    index.getexif()[274] = orientation
    upright = np.asarray(ImageOps.exif_transpose(index))
    pixels = decode_bytes(data)
    assert header_of(data).size == upright.shape
    assert (pixels == plain.reshape(-1, 3)[upright]).all()
    part = EncodedImage("x", data).decode_layers(0, Window(2, 3, 9, 11)).pixels
    assert (part == pixels[2:11, 3:14]).all()


def chain(count: int, *, loop: bool = False) -> bytes:
    """Return a TIFF of `count` pages that share the pixels of the first."""
    data = bytearray(handmade({258: [8], 262: [1], 277: [1]}, bytes(range(6)), (2, 3)))
    (first,) = struct.unpack_from("<I", data, 4)
    directory = bytes(data[first : len(data) - 4])
    for _ in range(count - 1):
        data[-4:] = struct.pack("<I", len(data))
        data += directory + b"\0" * 4
    if loop:
        data[-4:] = struct.pack("<I", first)
    return bytes(data)


@pytest.mark.parametrize("loop", [False, True])
def test_a_chain_of_60_000_directories_is_counted_quickly(loop: bool) -> None:
    data = chain(60_000, loop=loop)
    frames = EncodedImage("x", data, 10**6)
    assert frames.header.frames == 60_000
    for frame in (0, 59_999):
        assert frames.decode_layers(frame).pixels.ravel().tolist() == list(range(6))
    with pytest.raises(BadImage, match="it has 60000 pages, and no page 60001"):
        frames.decode_layers(60_000)


def test_a_longer_chain_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directories, "MAX_PAGES", 50)
    assert header_of(chain(50)).frames == 50
    with pytest.raises(BadImage, match="a TIFF of more than 50 directories"):
        header_of(chain(51))


def test_every_page_is_read_in_its_own_depth() -> None:
    buffer = BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        for kind in ("u2", "u1"):
            writer.write(numbers(kind, 3), photometric="rgb", metadata=None)
    data = buffer.getvalue()
    image = EncodedImage("x", data)
    for frame, kind in enumerate(("u2", "u1", "u2")):
        assert (image.decode_layers(frame % 2).pixels == numbers(kind, 3)).all()
    for frame, kind in enumerate(("u2", "u1")):
        assert (decode_bytes(data, frame=frame) == numbers(kind, 3)).all()
        assert header_of(data, frame=frame).bits == 16 >> frame


def test_reduced_copies_of_a_page_are_not_pages() -> None:
    buffer = BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        for reduced in (1, 0, 1):
            side = numbers("u1", 3)[:: 1 + reduced]
            writer.write(side, photometric="rgb", subfiletype=reduced, metadata=None)
    header = header_of(buffer.getvalue())
    assert (header.frames, header.size) == (1, (18, 33))


def test_a_profile_is_kept_for_files_that_pillow_cannot_open() -> None:
    profile = bytes(16) + b"RGB " + bytes(100)
    data = content(numbers("f4", 3), photometric="rgb", iccprofile=profile)
    assert header_of(data).extra["icc_profile"] == profile


def test_a_damaged_tiff_is_reported_as_damaged() -> None:
    for data in (b"II*\0", b"II*\0\xff\xff\xff\xff", chain(1)[:-40]):
        with pytest.raises(BadImage, match="a damaged TIFF"):
            header_of(data)
