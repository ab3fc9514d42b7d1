"""Colours with a profile are converted to sRGB on request."""

from pathlib import Path

import numpy as np
import pytest
from identity_models import identity_model, translate_files
from image_inversion import listed_notes
from PIL import Image, ImageCms

from translate.batches import Domain
from translate.formats import Header
from translate.images.layers import Layers
from translate.images.metadata.profiles import in_srgb

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped(profile: bytes) -> bytes:
    """Return an sRGB profile with the primaries of red and green exchanged."""
    names = {b"rXYZ": b"gXYZ", b"gXYZ": b"rXYZ"}
    table = bytearray(profile)
    count = int.from_bytes(profile[128:132], "big")
    for place in range(132, 132 + 12 * count, 12):
        table[place : place + 4] = names.get(profile[place : place + 4], profile[place : place + 4])
    return bytes(table)


def header(profile: bytes) -> Header:
    return Header(format="PNG", size=(1, 1), extra={"icc_profile": profile})


def test_colours_are_converted_and_the_profile_is_gone() -> None:
    red = Layers(np.array([[[200, 30, 60]]], np.uint8))
    layers, converted, notes = in_srgb(red, header(swapped(SRGB)))
    assert np.abs(layers.pixels.astype(int) - [30, 200, 60]).max() <= 2
    assert (converted.extra, notes) == ({}, ())
    same, _, _ = in_srgb(red, header(SRGB))
    assert np.abs(same.pixels.astype(int) - red.pixels).max() <= 1


@pytest.mark.parametrize(
    ("layers", "profile", "reason"),
    [
        (Layers(np.zeros((1, 1), np.uint8)), SRGB, "only RGB of 8 bits is converted"),
        (Layers(np.zeros((1, 1, 3), np.uint16)), SRGB, "only RGB of 8 bits is converted"),
        (Layers(np.zeros((1, 1, 3), np.uint8)), b"damaged", "it is damaged, or not for RGB"),
    ],
)
def test_what_is_not_converted_is_kept_with_a_note(
    layers: Layers, profile: bytes, reason: str
) -> None:
    result, kept, (note,) = in_srgb(layers, header(profile))
    assert result is layers
    assert kept.extra["icc_profile"] == profile
    assert note.text == f"its colours are not converted to sRGB: {reason}"


def test_outputs_are_in_srgb_on_request_only(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    pixels = np.full((8, 8, 3), [200, 30, 60], np.uint8)
    Image.fromarray(pixels).save(tmp_path / "in/a.png", icc_profile=swapped(SRGB))
    model = identity_model(Domain("photo"))
    translate_files(model, tmp_path / "in", tmp_path / "kept")
    translate_files(model, tmp_path / "in", tmp_path / "srgb", to_srgb=True)
    with Image.open(tmp_path / "kept/a.png") as kept, Image.open(tmp_path / "srgb/a.png") as made:
        assert (np.asarray(kept) == pixels).all()
        assert kept.info["icc_profile"] == swapped(SRGB)
        assert np.abs(np.asarray(made).astype(int) - [30, 200, 60]).max() <= 2
        assert "icc_profile" not in made.info
    assert listed_notes(tmp_path / "srgb") == []
