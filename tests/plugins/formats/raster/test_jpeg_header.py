"""The headers of common JPEG files equal those that Pillow reads."""

from io import BytesIO
from random import Random
from typing import Any

import numpy as np
import pytest
from PIL import Image

from translate.images.source import EncodedImage
from translate_plugins.formats.raster import jpeg_header, pillow


def jpeg(mode: str = "RGB", **options: Any) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (7, 12, 3), np.uint8)
    buffer = BytesIO()
    Image.fromarray(pixels).convert(mode).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def details_by_pillow(source: EncodedImage) -> pillow.FrameDetails:
    with pillow.open_frame(source, "JPEG") as image:
        return pillow.read_details(image, source, "JPEG")


def header_fields(details: pillow.FrameDetails) -> tuple[object, ...]:
    header = details.header
    return header.without_extra(), header.extra, dict(header.private), header.xmp, details.frames


@pytest.mark.parametrize(
    "data",
    [
        jpeg(),
        jpeg("L"),
        jpeg(progressive=True),
        jpeg(comment=b"a comment", dpi=(72, 72)),
        jpeg(icc_profile=b"p" * 500),
        jpeg("L", optimize=True, restart_marker_rows=1),
    ],
    ids=["colour", "gray", "progressive", "comment", "profile", "restarts"],
)
def test_common_files_have_the_header_that_pillow_reads(data: bytes) -> None:
    source = EncodedImage("x.jpg", data)
    details = jpeg_header.read_common_header(source)
    assert details is not None
    assert header_fields(details) == header_fields(details_by_pillow(source))


@pytest.mark.parametrize(
    "data",
    [
        jpeg("CMYK"),
        jpeg(exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"),
        jpeg(xmp=b"<x/>"),
        jpeg(icc_profile=b"p" * 70_000),  # in two segments
        jpeg()[:100],
        jpeg()[:3],
        b"\xff\xd8\xff\xdb\0\0" + jpeg()[2:],  # a segment shorter than its own length
        jpeg().replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c"),  # 12 bits
    ],
    ids=["CMYK", "EXIF", "XMP", "profile in parts", "cut", "start", "empty segment", "12 bits"],
)
def test_the_headers_of_other_files_are_not_read(data: bytes) -> None:
    assert jpeg_header.read_common_header(EncodedImage("x.jpg", data)) is None


def test_damaged_files_have_the_size_that_pillow_reads() -> None:
    random, undamaged = Random(0), jpeg(icc_profile=b"p" * 20)
    compared = 0
    for _ in range(400):
        data = bytearray(undamaged)
        for _ in range(random.randint(1, 3)):
            data[random.randrange(2, len(data) // 2)] = random.randrange(256)
        source = EncodedImage("x.jpg", bytes(data))
        details = jpeg_header.read_common_header(source)
        if details is None:
            continue
        try:
            expected = details_by_pillow(source).header
        except Exception:  # a damaged table, which the decoder refuses
            continue
        assert (details.header.size, details.header.mode) == (expected.size, expected.mode)
        compared += 1
    assert compared > 100
