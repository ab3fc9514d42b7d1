"""What images say of the model that made them."""

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
LIKE = Header(format="", size=(8, 6))


def test_a_translation_is_an_image_edited_by_a_model() -> None:
    like, notes = with_xmp(LIKE, b"", MAKER, "cd" * 32)
    found = Provenance.of(like.xmp)
    assert found == Provenance("ab" * 32, "inversion", __version__, "cd" * 32, TRANSLATED)
    assert (notes, found.meaning) == ((), "translated by a model")
    assert (
        b'Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/composite'
        b'WithTrainedAlgorithmicMedia"' in like.xmp
    )


def test_a_sample_and_its_translation_are_generated_by_a_model() -> None:
    sample = header_of_sample(PIXELS, MAKER).xmp
    for packet in (sample, with_xmp(LIKE, sample, MAKER, "cd" * 32)[0].xmp):
        found = Provenance.of(packet)
        assert found and found.source_type == GENERATED


def test_without_a_maker_and_a_packet_nothing_is_written() -> None:
    assert header_of_sample(PIXELS, None).xmp == b""
    assert Provenance.of(b"") is None


@pytest.mark.parametrize("packet", [b"<broken", b'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-'
                                    b'syntax-ns#"><r:Description><t xmlns="urn:x">%s</t></r:'
                                    b"Description></r:RDF>" % (b"x" * 65_000)])  # fmt: skip
def test_metadata_that_cannot_be_kept_is_noted(packet: bytes) -> None:
    like, notes = with_xmp(LIKE, packet, MAKER, "cd" * 32, keep_all=True)
    assert [note.kind for note in notes] == ["xmp"] and "it is not kept" in notes[0].text
    assert Provenance.of(like.xmp)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".avif", ".heic", ".jxl"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_every_format_that_holds_xmp_returns_it(suffix: str, dtype: str) -> None:
    if dtype == "uint16" and suffix not in (".png", ".tif", ".jxl"):
        pytest.skip("8 bits alone")
    for package, needs in {"pillow_heif": ".heic", "pillow_jxl": ".jxl"}.items():
        if needs == suffix:
            pytest.importorskip(package)
    like, _ = with_xmp(LIKE, b"", MAKER, "cd" * 32)
    image = EncodedImage("x", encode_image(PIXELS.astype(dtype), suffix, like))
    assert image.header.xmp == like.xmp
    assert (image.decode() == PIXELS).all()
    plain = EncodedImage("x", encode_image(PIXELS.astype(dtype), suffix, LIKE))
    assert plain.header.xmp == b""
