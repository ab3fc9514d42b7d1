"""Files of generated images name their model and their input."""

import numpy as np
import pytest

from translate import __version__
from translate.formats import Header
from translate.images.encode import encode_image
from translate.images.metadata.provenance import (
    GENERATED,
    TRANSLATED,
    Maker,
    Provenance,
    header_of_sample,
    with_xmp,
)
from translate.images.source import EncodedImage

MAKER = Maker("ab" * 32, "inversion")
PIXELS = np.zeros((8, 6, 3), np.uint8)
HEADER = Header(format="", size=(8, 6))


def test_a_translation_is_an_image_edited_by_a_model() -> None:
    like, notes = with_xmp(HEADER, b"", MAKER, "cd" * 32)
    provenance = Provenance.of(like.xmp)
    assert provenance == Provenance("ab" * 32, "inversion", __version__, "cd" * 32, TRANSLATED)
    assert (notes, provenance.meaning) == ((), "translated by a model")
    term = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
    assert f'Iptc4xmpExt:DigitalSourceType="{term}"'.encode() in like.xmp


def test_a_sample_and_its_translation_are_generated_by_a_model() -> None:
    sample = header_of_sample(PIXELS, MAKER).xmp
    for packet in (sample, with_xmp(HEADER, sample, MAKER, "cd" * 32)[0].xmp):
        provenance = Provenance.of(packet)
        assert provenance and provenance.source_type == GENERATED


def test_without_a_maker_and_a_packet_nothing_is_written() -> None:
    assert header_of_sample(PIXELS, None).xmp == b""
    assert Provenance.of(b"") is None


TOO_LARGE = (
    b'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description>'
    b'<t xmlns="urn:x">%s</t></r:Description></r:RDF>' % (b"x" * 65_000)
)


@pytest.mark.parametrize("packet", [b"<broken", TOO_LARGE], ids=["damaged", "too large"])
def test_metadata_that_cannot_be_kept_has_a_note(packet: bytes) -> None:
    like, notes = with_xmp(HEADER, packet, MAKER, "cd" * 32, keep_all=True)
    assert [note.kind for note in notes] == ["xmp"] and "it is not kept" in notes[0].text
    assert Provenance.of(like.xmp)


SUFFIXES_8_BITS = (".png", ".jpg", ".webp", ".tif", ".avif", ".heic", ".jxl")
SUFFIXES_16_BITS = (".png", ".tif", ".jxl")
PACKAGES = {".heic": "pillow_heif", ".jxl": "pillow_jxl"}


@pytest.mark.parametrize(
    ("suffix", "dtype"),
    [(s, "uint8") for s in SUFFIXES_8_BITS] + [(s, "uint16") for s in SUFFIXES_16_BITS],
)
def test_xmp_is_written_and_read_in_every_format_that_has_it(suffix: str, dtype: str) -> None:
    if package := PACKAGES.get(suffix):
        pytest.importorskip(package)
    like, _ = with_xmp(HEADER, b"", MAKER, "cd" * 32)
    image = EncodedImage("x", encode_image(PIXELS.astype(dtype), suffix, like))
    assert image.header.xmp == like.xmp
    assert (image.decode() == PIXELS).all()
    without_xmp = EncodedImage("x", encode_image(PIXELS.astype(dtype), suffix, HEADER))
    assert without_xmp.header.xmp == b""
