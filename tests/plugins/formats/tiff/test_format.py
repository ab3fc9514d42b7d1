"""TIFF: every kind of numbers is read, whole and in windows, or refused by name."""

import logging
from io import BytesIO
from itertools import product
from typing import Any

import numpy as np
import pytest
import tifffile
from encoded_images import decode_bytes, header_of
from PIL import Image, ImageOps
from tiff_files import (
    BANDS,
    STORAGE,
    UNCHANGED_DTYPES,
    WIDER_DTYPES,
    all_bands,
    encode_bands,
    encode_tiff,
    pack_bits,
    random_values,
    tags_of,
    tiff_from_tags,
    tiff_of_pages,
)

from translate.errors import BadImage
from translate.formats import Window
from translate.images.source import EncodedImage
from translate_plugins.formats.tiff.format import Tiff


@pytest.mark.parametrize("kind", UNCHANGED_DTYPES)
@pytest.mark.parametrize("bands", BANDS, ids=lambda bands: f"{bands[0]}-{bands[1]}")
def test_D22_every_type_is_read_whole_and_in_windows_and_written_with_the_same_tags(
    kind: str, bands: tuple[int, str, tuple[int, ...] | None]
) -> None:
    values, window = random_values(kind, bands[0]), Window(3, 5, 11, 21)
    for planar, options in [*product(["contig"], STORAGE), *product(["separate"], STORAGE[:4])]:
        data = encode_bands(values, bands, planar, **options)
        image = EncodedImage("x", data, 10**6)
        header = image.header
        assert (header.size, header.channels) == ((18, 33), bands[0])
        assert (header.dtype, header.alpha) == (UNCHANGED_DTYPES[kind], bands[2] == (2,))
        assert (all_bands(image.decode_layers()) == values).all(), (planar, options)
        part = all_bands(EncodedImage("x", data, 10**6).decode_layers(0, window))
        assert (part == values[3:14, 5:26]).all(), (planar, options)
        written = Tiff().write(values, header)
        assert (tifffile.imread(BytesIO(written)) == tifffile.imread(BytesIO(data))).all()
        assert tags_of(written) == tags_of(data), (planar, options)


@pytest.mark.parametrize("kind", WIDER_DTYPES)
def test_D22_other_types_are_read_as_a_wider_type_that_has_their_values(kind: str) -> None:
    dtype = np.dtype(kind)
    limits = np.iinfo(dtype) if dtype.kind in "iu" else None
    low = max(limits.min, -(2**24)) if limits else -1.5  # float32 has all integers up to 2**24
    values = np.array([low, 0, 1, min(limits.max, 2**24) if limits else 1000], kind).reshape(2, 2)
    for options in STORAGE[:2]:
        image = EncodedImage("x", encode_tiff(values, photometric="minisblack", **options))
        assert image.header.dtype == WIDER_DTYPES[kind]
        assert (image.decode_layers().pixels == values).all()


def test_D22_values_that_no_type_of_ours_has_are_refused() -> None:
    for value, kind, reason in (
        (2**24 + 1, "u4", "a TIFF of 1 band of uint32: expected values up to 2..24"),
        (-(2**40), "i8", "a TIFF of 1 band of int64: expected values"),
        (1e300, "f8", "a TIFF of 1 band of float64: expected values up to 3e38"),
    ):
        image = EncodedImage(
            "x", encode_tiff(np.full((2, 2), value, kind), photometric="minisblack")
        )
        with pytest.raises(BadImage, match=reason):
            image.decode_layers()
    with pytest.raises(BadImage, match="of complex64: expected integers or floats"):
        header_of(encode_tiff(np.zeros((2, 2), "c8"), photometric="minisblack"))
    with pytest.raises(BadImage, match="a TIFF of 65 bands of uint8: expected at most 64 bands"):
        header_of(
            encode_tiff(random_values("u1", 65), photometric="minisblack", planarconfig="contig")
        )


@pytest.mark.parametrize("kind", ["u1", "u2"])
@pytest.mark.parametrize("tile", [None, (16, 16), (2, 16, 16)])
def test_D22_a_volume_in_one_page_is_refused(kind: str, tile: tuple[int, ...] | None) -> None:
    volume = random_values(kind, 3).transpose(2, 0, 1)
    data = encode_tiff(volume, photometric="minisblack", volumetric=True, tile=tile)
    with pytest.raises(BadImage, match="a volume of 3 slices in one page"):
        decode_bytes(data)


def test_D22_a_kind_that_is_not_read_is_refused_by_name(capfd: Any) -> None:
    for tags, reason in (
        ({262: [4]}, "a transparency mask: expected gray, RGB"),
        ({262: [1], 339: [2], 258: [1]}, "of int1: expected integers or floats"),
        ({262: [2], 277: [2], 258: [8, 8]}, "a damaged file: its colours have 3 bands"),
        ({262: [0], 339: [2]}, "0 as white: expected unsigned integers"),
        ({262: [3], 258: [16]}, "colours in more than 8 bits: expected gray"),
        ({262: [5], 277: [4], 258: [8] * 4, 332: [2]}, "InkSet 2: expected 1"),
        ({262: [1], 259: [34712]}, "compression JPEG2000: expected one of"),
        ({262: [1], 258: [8, 4], 277: [2]}, "a TIFF of 2 bands of uint mixed depths"),
    ):
        data = tiff_from_tags({258: [8], 277: [1], **tags}, bytes(64), (2, 3))
        with pytest.raises(BadImage, match=reason) as error:
            header_of(data)
        assert error.value.reason.startswith("a TIFF of ")
    logging.getLogger("PIL.TiffImagePlugin").error("More samples per pixel than can be decoded")
    logging.getLogger("tifffile").error("missing data offset tag")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("bits", "bands"), [*product([1, 2, 4, 6, 10, 12, 14], [1, 3])])
def test_D22_values_of_other_depths_are_scaled_to_the_whole_range(
    bits: int, bands: int, order: str
) -> None:
    values = np.random.default_rng(0).integers(0, 2**bits, (5, 7, bands))
    values[0, :2] = np.array([0, 2**bits - 1])[:, None]
    tags = {258: [bits] * bands, 262: [1 if bands == 1 else 2], 277: [bands]}
    data = tiff_from_tags(tags, pack_bits(values, bits), (5, 7), order)
    pixels = decode_bytes(data, channels=bands)
    white = np.iinfo(pixels.dtype).max
    assert pixels.dtype == (np.uint16 if bits > 8 else np.uint8)
    assert np.abs(pixels - values * (white / (2**bits - 1))).max() <= 1
    assert (pixels[0, 0, 0], pixels[0, 1, 0]) == (0, white)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
def test_D6_a_tiff_of_any_depth_is_read_upright(kind: str, orientation: int) -> None:
    values = random_values(kind, 3)
    tags = [(274, "H", 1, orientation, True)]
    data = encode_tiff(values, photometric="rgb", extratags=tags)
    plain = decode_bytes(encode_tiff(values, photometric="rgb"))
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


def test_a_profile_is_kept_for_files_that_pillow_cannot_open() -> None:
    profile = bytes(16) + b"RGB " + bytes(100)
    data = encode_tiff(random_values("f4", 3), photometric="rgb", iccprofile=profile)
    assert header_of(data).extra["icc_profile"] == profile


def test_a_damaged_tiff_is_reported_as_damaged() -> None:
    for data in (b"II*\0", b"II*\0\xff\xff\xff\xff", tiff_of_pages(1)[:-40]):
        with pytest.raises(BadImage, match="a damaged TIFF"):
            header_of(data)
