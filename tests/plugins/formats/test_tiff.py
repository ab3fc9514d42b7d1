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
from translate.images import masks
from translate.images.source import EncodedImage
from translate_plugins.formats import tiff_tags

PHOTOMETRIC = {"minisblack": 1, "miniswhite": 1, "rgb": 3, "separated": 4}
"""how many bands are colours"""
KINDS = ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "f2", "f4", "f8"]
BANDS = [
    (1, "minisblack", None), (1, "miniswhite", None), (2, "minisblack", (0,)),
    (2, "minisblack", (1,)), (2, "minisblack", (2,)), (3, "rgb", None), (4, "rgb", (0,)),
    (4, "rgb", (1,)), (4, "rgb", (2,)), (5, "rgb", (0, 0)), (5, "rgb", (2, 0)), (5, "rgb", (0, 2)),
    (6, "rgb", (0, 0, 0)), (7, "rgb", (0, 0, 0, 0)), (3, "minisblack", (0, 0)),
    (4, "minisblack", (0, 0, 0)), (7, "minisblack", (0,) * 6), (4, "separated", None),
]  # fmt: skip
STORED: list[dict[str, Any]] = [
    {}, {"byteorder": ">"}, {"compression": "zlib"}, {"compression": "zlib", "byteorder": ">"},
    {"compression": "zlib", "predictor": True}, {"tile": (16, 16)}, {"bigtiff": True},
    {"compression": "zlib", "tile": (16, 16)}, {"rowsperstrip": 3},
]  # fmt: skip
READ = {
    *product(["u1", "u2", "f4", "f8"], [(1, "minisblack", None), (1, "miniswhite", None)]),
    *product(["u1", "u2", "f4", "f8"], [(3, "rgb", None), *((4, "rgb", (n,)) for n in range(3))]),
    *product(["u1"], [(2, "minisblack", (n,)) for n in range(3)]),
    *product(["u1"], [(5, "rgb", (0, 0)), (5, "rgb", (2, 0)), (6, "rgb", (0, 0, 0))]),
    *product(["u1", "u2"], [(4, "separated", None)]),
}
"""what is read where all bands of a pixel are stored together"""
READ_APART = {("u1", (3, "rgb", None)), ("u1", (4, "rgb", (2,))), ("u1", (4, "separated", None))}


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


def displayed(data: bytes, photometric: str, extra: Sequence[int] | None) -> NDArray[np.float64]:
    """Return fractions of white from the values of tifffile, composited over white."""
    values = tifffile.imread(BytesIO(data))
    with tifffile.TiffFile(BytesIO(data)) as file:
        if file.pages[0].planarconfig == 2:
            values = np.moveaxis(values, 0, -1)
    top = np.iinfo(values.dtype).max if values.dtype.kind == "u" else 1
    shares = values.reshape(*values.shape[:2], -1).astype(float) / top
    colours = PHOTOMETRIC[photometric]
    colour, alpha = shares[..., :colours], shares[..., colours : colours + 1]
    if photometric == "miniswhite":
        colour = 1 - colour
    if photometric == "separated":
        colour = (1 - colour[..., :3]) * (1 - colour[..., 3:])
    if extra and extra[0] == 1:
        colour = np.minimum(colour, alpha) + 1 - alpha
    if extra and extra[0] == 2:
        colour = colour * alpha + 1 - alpha
    return colour


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bands", BANDS)
def test_D22_every_kind_of_tiff_is_read_as_by_tifffile_or_refused(
    kind: str, bands: tuple[int, str, tuple[int, ...] | None]
) -> None:
    count, photometric, extra = bands
    planar_configs = ["contig"] if count == 1 else ["contig", "separate"]
    for planar, stored in product(planar_configs, STORED):
        if "predictor" in stored and (np.dtype(kind).kind == "f" or kind == "u8"):
            continue  # tifffile writes none of these
        values = numbers(kind, count)
        options = {**stored, "photometric": photometric}
        if count > 1:
            options |= {"extrasamples": extra, "planarconfig": planar}
        values = np.moveaxis(values, -1, 0) if planar == "separate" else values
        data, readable = content(values, **options), READ if planar == "contig" else READ_APART
        if (kind, bands) not in readable:
            name = f"a TIFF of {count} band(s)? of {np.dtype(kind).name}"
            with pytest.raises(BadImage, match=name) as raised_error:
                decode_bytes(data)
            assert "no image of a known format" not in str(raised_error.value)
            continue
        image = EncodedImage("x", data, 10**6)
        header, layers = image.header, image.decode_layers()
        pixels = layers.composite_over_white().reshape(18, 33, -1)
        expected = displayed(data, photometric, extra)
        levels = 2.1 if kind == "u2" else 1.01  # 16-bit CMYK is cut to 8 bits before it is RGB
        slack = 2 / 65535 if pixels.dtype == np.uint16 else levels / 255
        error = np.abs(pixels / np.iinfo(pixels.dtype).max - expected).max()
        assert error <= slack, (options, error)
        exact = photometric != "separated" and kind in ("u1", "u2") and 1 not in (extra or ())
        if exact and 2 not in (extra or ()):
            top = np.iinfo(kind).max
            assert (pixels == np.rint(expected * top)).all(), options
        assert header.bits == 8 * np.dtype(kind).itemsize
        assert header.size == (18, 33)


@pytest.mark.parametrize("depth", ["u1", "u2"])
def test_D22_an_extra_band_is_not_alpha_at_either_depth(depth: str) -> None:
    values = numbers(depth, 4)
    data = content(values, photometric="rgb", extrasamples=(0,))
    assert (decode_bytes(data) == values[..., :3]).all()
    notes = {note.kind: note.text for note in header_of(data).notes()}
    assert notes["bands"] == "has 4 bands: the first three are read"
    assert "alpha" not in notes
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
    assert (decode_bytes(bytes(data)) == values[..., :3]).all()
    (note,) = [n for n in header_of(bytes(data)).notes() if n.kind == "bands"]
    assert note.text == "has 4 bands: the first three are read"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("i1", "1 band of int8"), ("i2", "1 band of int16"), ("u4", "1 band of uint32"),
        ("i4", "1 band of int32"), ("u8", "1 band of uint64"), ("f2", "1 band of float16"),
        ("c8", "1 band of complex64"),
    ],
)  # fmt: skip
def test_D22_types_without_a_defined_range_are_refused(kind: str, reason: str) -> None:
    values = np.arange(12).reshape(3, 4, 1).astype(kind)
    for stored in STORED[:2]:
        with pytest.raises(BadImage) as error:
            header_of(content(values, photometric="minisblack", **stored))
        assert error.value.reason == (
            f"a TIFF of {reason}: uint8, uint16, and float32 or float64 from 0 to 1 can be read"
            ": convert all files with one scale"
        )


def test_D22_a_valid_unsupported_tiff_is_refused_with_its_kind(capfd: Any) -> None:
    data = content(numbers("u1", 7), photometric="minisblack", planarconfig="contig")
    with pytest.raises(BadImage, match="a TIFF of 7 bands of uint8: 1 or 3 can be read"):
        decode_bytes(data)
    data = content(numbers("u2", 3), photometric="minisblack", planarconfig="contig")
    with pytest.raises(BadImage, match="declared as gray and 2 more: 1 or 3 can be read of RGB"):
        decode_bytes(data)
    logging.getLogger("PIL.TiffImagePlugin").error("More samples per pixel than can be decoded")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["u1", "u2"])
@pytest.mark.parametrize("tile", [None, (16, 16), (2, 16, 16)])
def test_D22_a_volume_in_one_page_is_refused(kind: str, tile: tuple[int, ...] | None) -> None:
    volume = numbers(kind, 3).transpose(2, 0, 1)
    data = content(volume, photometric="minisblack", volumetric=True, tile=tile)
    with pytest.raises(BadImage, match="a volume of 3 slices in one page is not read"):
        decode_bytes(data)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"bigtiff": True, "byteorder": ">", "photometric": "rgb"}, "no big-endian BigTIFF"),
        ({"photometric": "separated", "extrasamples": [2]}, "alpha with such colours"),
        ({"photometric": "rgb", "extrasamples": [0, 2]}, "the first band after the colours alone"),
    ],
    ids=["big-endian", "CMYK", "RGB"],
)
def test_D22_a_kind_that_pillow_does_not_read_is_refused_by_name(
    options: dict[str, Any], reason: str
) -> None:
    bands = PHOTOMETRIC[options["photometric"]] + len(options.get("extrasamples", ()))
    data = content(numbers("u1", bands), **options)
    with pytest.raises(BadImage, match=reason):
        decode_bytes(data)


def test_D22_white_is_zero_holds_at_every_depth() -> None:
    for kind, white in (("u1", 255), ("u2", 65535), ("f4", 1), ("f8", 1)):
        values = np.array([[[0], [white]]], kind)
        for stored in STORED[:4]:
            data = content(values, photometric="miniswhite", **stored)
            pixels = decode_bytes(data, channels=1)
            assert pixels.ravel().tolist() == [np.iinfo(pixels.dtype).max, 0]


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
@pytest.mark.parametrize(("bits", "bands"), [*product([1, 2, 4, 6, 10, 12, 14, 24], [1, 3])])
def test_D22_other_depths_span_the_whole_range_or_are_refused(
    bits: int, bands: int, order: str
) -> None:
    values = np.random.default_rng(0).integers(0, 2**bits, (5, 7, bands))
    values[0, :2] = np.array([0, 2**bits - 1])[:, None]
    tags = {258: [bits] * bands, 262: [1 if bands == 1 else 2], 277: [bands]}
    data = handmade(tags, pack_bits(values, bits), (5, 7), order)
    if bits in (6, 24) or (bits < 8 and bands == 3):
        with pytest.raises(BadImage, match=f"of uint{bits}: uint8, uint16, and float32"):
            decode_bytes(data)
        return
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
        (note,) = header_of(data).notes()
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
    monkeypatch.setattr(tiff_tags, "MAX_PAGES", 50)
    assert header_of(chain(50)).frames == 50
    with pytest.raises(BadImage, match="a TIFF of more than 50 directories"):
        header_of(chain(51))


def test_every_page_is_read_in_its_own_depth() -> None:
    buffer = BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        for kind in ("u2", "u1"):
            writer.write(numbers(kind, 3), photometric="rgb", metadata=None)
    data = buffer.getvalue()
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
    assert header_of(data).extra == {"icc_profile": profile}


def test_a_damaged_tiff_is_reported_as_damaged() -> None:
    for data in (b"II*\0", b"II*\0\xff\xff\xff\xff", chain(1)[:-40]):
        with pytest.raises(BadImage, match="a damaged TIFF"):
            header_of(data)
