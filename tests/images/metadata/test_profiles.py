"""Colours with a colour profile are converted to sRGB on request."""

from pathlib import Path

import numpy as np
import pytest
from hole_filling import translate_images
from identity_models import identity_model
from image_inversion import listed_notes
from PIL import Image, ImageCms

from translate.batches import Domain
from translate.formats import Header
from translate.images.layers import Layers
from translate.images.metadata.profiles import in_srgb

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swap_red_and_green(profile: bytes) -> bytes:
    """Return an ICC profile with the primaries of red and green exchanged in its tag table."""
    header, tags = profile[:132], profile[132:]
    tags = tags.replace(b"rXYZ", b"____", 1).replace(b"gXYZ", b"rXYZ", 1)
    return header + tags.replace(b"____", b"gXYZ", 1)


def header(profile: bytes) -> Header:
    return Header(format="PNG", size=(1, 1), extra={"icc_profile": profile})


def test_colours_are_converted_and_the_profile_is_removed_from_the_header() -> None:
    red = Layers(np.array([[[200, 30, 60]]], np.uint8))
    layers, converted, notes = in_srgb(red, header(swap_red_and_green(SRGB)))
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
def test_an_image_that_cannot_be_converted_is_unchanged_and_has_a_note(
    layers: Layers, profile: bytes, reason: str
) -> None:
    result, result_header, (note,) = in_srgb(layers, header(profile))
    assert result is layers
    assert result_header.extra["icc_profile"] == profile
    assert note.text == f"its colours are not converted to sRGB: {reason}"


def test_outputs_are_in_srgb_on_request_only(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    pixels = np.full((8, 8, 3), [200, 30, 60], np.uint8)
    Image.fromarray(pixels).save(tmp_path / "in/a.png", icc_profile=swap_red_and_green(SRGB))
    model = identity_model(Domain("photo"))
    translate_images(tmp_path / "in", tmp_path / "kept", model)
    translate_images(tmp_path / "in", tmp_path / "srgb", model, to_srgb=True)
    with (
        Image.open(tmp_path / "kept/a.png") as kept_image,
        Image.open(tmp_path / "srgb/a.png") as srgb,
    ):
        assert (np.asarray(kept_image) == pixels).all()
        assert kept_image.info["icc_profile"] == swap_red_and_green(SRGB)
        assert np.abs(np.asarray(srgb).astype(int) - [30, 200, 60]).max() <= 2
        assert "icc_profile" not in srgb.info
    assert listed_notes(tmp_path / "srgb") == []
