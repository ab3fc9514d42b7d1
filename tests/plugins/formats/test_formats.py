"""Images of every format are read upright, in their own depth, composited over white."""

from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from encoded_images import header_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps
from random_images import BLUE, GREEN, RED, SIX_SQUARES, WHITE, decode, encode, noise
from subprocesses import run_python

from translate_plugins.formats.raster.pillow import ORIENTATION_TAG


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_D6_every_orientation_is_read_upright(
    file_format: str, orientation: int, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    lossless = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100, "subsampling": 0}}
    data = encode(
        SIX_SQUARES, file_format, exif=exif, **lossless.get(file_format, {"quality": 100})
    )
    header = header_of(data)
    pixels = decode(data, tmp_path)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(BytesIO(data))).convert("RGB"))
    assert header.size == expected.shape[:2] == ((24, 16) if orientation > 4 else (16, 24))
    assert np.abs(pixels.astype(int) - expected).max() <= 1
    index = {1: 0, 2: 2, 3: 5, 4: 3, 5: 0, 6: 3, 7: 5, 8: 2}[orientation]
    squares = [RED, GREEN, BLUE, BLUE, WHITE, RED]
    assert np.abs(pixels[4, 4].astype(int) - squares[index]).max() <= 24  # AVIF is not exact


def test_an_orientation_after_the_pixels_of_a_png_counts(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6
    data = encode(SIX_SQUARES, "PNG", exif=exif)
    start = data.index(b"eXIf") - 4
    length = 12 + int.from_bytes(data[start : start + 4], "big")
    chunk, other_chunks = data[start : start + length], data[:start] + data[start + length :]
    moved = other_chunks[:-12] + chunk + other_chunks[-12:]  # after the pixels, before IEND
    assert (decode(moved, tmp_path) == np.rot90(SIX_SQUARES, -1)).all()
    assert header_of(moved).size == (24, 16)


def test_a_damaged_orientation_does_not_prevent_reading(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 99
    assert decode(encode(SIX_SQUARES, "JPEG", exif=exif), tmp_path).shape == SIX_SQUARES.shape
    broken = encode(SIX_SQUARES, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert decode(broken, tmp_path).shape == SIX_SQUARES.shape


MODES = ["1", "L", "P", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F"]
FILE_FORMATS = ["PNG", "TIFF", "BMP", "PPM", "GIF", "WEBP"]


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(
    mode=st.sampled_from(MODES),
    file_format=st.sampled_from(FILE_FORMATS),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    seed=st.integers(0, 9),
)
def test_D4_every_mode_and_size_is_read_as_by_pillow(
    mode: str, file_format: str, size: tuple[int, int], seed: int, tmp_path: Path
) -> None:
    image = Image.fromarray(noise(*size, 4, seed=seed)).convert("RGB")
    if mode in ("LA", "RGBA"):
        image.putalpha(Image.fromarray(noise(*size, seed=seed + 1)))
    if mode in ("I;16", "I", "F"):
        image = image.convert("L").convert(mode)
        image = image.point(lambda level: level / 256 + 0) if mode == "F" else image
    else:
        image = image.convert(mode)
    try:
        data = encode(image, file_format, **({"lossless": True} if file_format == "WEBP" else {}))
    except (OSError, KeyError, ValueError):
        return  # the format has no such mode
    stored = Image.open(BytesIO(data))
    pixels = decode(data, tmp_path)
    assert pixels.shape == (*size, 3)
    if stored.mode.startswith(("I", "F")):
        expected = np.asarray(stored).astype(float)
    else:
        composited = Image.new("RGBA", stored.size, WHITE)
        composited.alpha_composite(stored.convert("RGBA"))
        expected = np.asarray(composited.convert("RGB"))
    expected = expected[..., None] if expected.ndim == 2 else expected
    assert np.abs(pixels.astype(float) - expected).max() <= 1
    gray = decode(data, tmp_path, channels=1)
    assert gray.shape == (*size, 1)
    assert gray.dtype == pixels.dtype


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    channels=st.sampled_from([1, 3]),
    deep=st.booleans(),
    suffix=st.sampled_from([".png", ".tiff", ".ppm", ".webp", ".bmp"]),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
)
def test_lossless_files_of_opencv_are_read_bit_for_bit(
    channels: int, deep: bool, suffix: str, size: tuple[int, int], tmp_path: Path
) -> None:
    if deep and suffix in (".webp", ".bmp"):
        return
    suffix = ".pgm" if suffix == ".ppm" and channels == 1 else suffix
    pixels = noise(*size, channels, dtype=np.uint16 if deep else np.uint8)
    file_format = [cv2.IMWRITE_WEBP_QUALITY, 101] if suffix == ".webp" else []
    bgr = np.ascontiguousarray(pixels[..., ::-1])
    data = cv2.imencode(suffix, bgr, file_format)[1].tobytes()
    result = decode(data, tmp_path, channels)
    assert result.dtype == pixels.dtype
    assert (result == pixels).all()


def test_sixteen_bit_gray_is_never_clipped_to_white(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    for file_format in ("PNG", "TIFF", "PPM"):
        pixels = decode(encode(ramp, file_format), tmp_path, channels=1)
        assert pixels.dtype == np.uint16
        assert (pixels[..., 0] == ramp).all()


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "TIFF", "GIF"])
def test_D5_a_hidden_colour_never_shows(file_format: str, tmp_path: Path) -> None:
    invisible = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    options = {"lossless": True, "exact": True} if file_format == "WEBP" else {}
    assert (decode(encode(invisible, file_format, **options), tmp_path) == 255).all()


@pytest.mark.parametrize(("mode", "key"), [("L", 7), ("RGB", (7, 7, 7)), ("P", 7), ("I;16", 7)])
def test_a_colour_declared_transparent_becomes_white(mode: str, key: Any, tmp_path: Path) -> None:
    values = np.array([[7, 9], [9, 7]], np.uint16 if mode == "I;16" else np.uint8)
    image = (
        Image.fromarray(values) if mode in ("L", "I;16") else Image.fromarray(values).convert(mode)
    )
    pixels = decode(encode(image, "PNG", transparency=key), tmp_path)
    white = np.iinfo(pixels.dtype).max
    assert (pixels[..., 0] == white).tolist() == [[True, False], [False, True]]


def test_lab_and_cmyk_keep_their_colours(tmp_path: Path) -> None:
    lab = Image.merge("LAB", [Image.new("L", (4, 4), v) for v in (135, 208, 195)])  # CSS red
    red = decode(encode(lab, "TIFF"), tmp_path)[0, 0].astype(int)
    assert red[0] > 240
    assert max(red[1:]) < 40
    cmyk = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    assert np.abs(decode(encode(cmyk, "JPEG"), tmp_path)[0, 0].astype(int) - RED).max() <= 2


def test_floats_are_read_as_they_are(tmp_path: Path) -> None:
    values = np.array([[-1.5, 0.25, 3000]], np.float32)
    pixels = decode(encode(values, "TIFF"), tmp_path, 1)
    assert pixels.dtype == np.float32
    assert (pixels[..., 0] == values).all()


def test_the_first_of_several_frames_is_read_and_the_others_are_counted(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (6, 4), colour) for colour in (RED, GREEN, BLUE)]
    for file_format in ("GIF", "WEBP", "PNG", "TIFF"):
        options = {"lossless": True} if file_format == "WEBP" else {}
        data = encode(frames[0], file_format, save_all=True, append_images=frames[1:], **options)
        assert header_of(data).frames == 3
        assert decode(data, tmp_path)[0, 0].tolist() == list(RED)


def test_reading_a_png_imports_no_library_of_another_format() -> None:
    program = (
        "import sys, numpy as np; from translate.images.encode import encode_image\n"
        "from translate.images.source import EncodedImage\n"
        "data = encode_image(np.zeros((4, 4, 3), np.uint8), '.png')\n"
        "EncodedImage('x', data).decode()\n"
        "print([m for m in ('tifffile', 'pillow_heif', 'pillow_jxl') if m in sys.modules])"
    )
    assert run_python(program).stdout == "[]\n"
