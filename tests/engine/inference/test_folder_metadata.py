"""Which profiles, licences and locations of images their translations have."""

from pathlib import Path

import numpy as np
import pytest
from image_inversion import INVERTER, done_skipped_listed, translate
from PIL import Image
from PIL.ExifTags import IFD, Base

from translate.errors import ConfigError
from translate.formats import Header
from translate.images.encode import write_image
from translate.images.metadata.xmp import RIGHTS, Packet, Property
from translate.images.source import EncodedImage

NO_MAKER = {"provenance": False}


def profile(space: bytes) -> bytes:
    """Return the start of a colour profile."""
    return bytes(16) + space + bytes(112)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_I11_profiles_are_kept_and_locations_only_on_request(suffix: str, tmp_path: Path) -> None:
    exif, source = Image.Exif(), tmp_path / "in"
    exif[Base.Orientation], exif[Base.Make] = 6, "a camera"
    exif.get_ifd(IFD.GPSInfo)[1] = "N"
    source.mkdir()
    Image.new("RGB", (6, 4)).save(source / f"x{suffix}", exif=exif, icc_profile=profile(b"RGB "))
    Image.new("L", (6, 4)).save(source / f"gray{suffix}", icc_profile=profile(b"GRAY"))
    translate(source, tmp_path / "out")
    translate(source, tmp_path / "kept", keep_metadata=True)
    for name, camera in (("out", None), ("kept", "a camera")):
        with Image.open(tmp_path / name / f"x{suffix}") as image:
            exif_data = image.getexif()
            assert image.size == (4, 6)
            assert image.info["icc_profile"] == profile(b"RGB ")
            assert (exif_data.get(Base.Make), exif_data.get(Base.Orientation)) == (camera, None)
            if suffix != ".tif":  # where Pillow does not write the location
                assert dict(exif_data.get_ifd(IFD.GPSInfo)) == ({1: "N"} if camera else {})
        with Image.open(tmp_path / name / f"gray{suffix}") as image:
            assert image.mode == "RGB"
            assert suffix == ".tif" or not image.getexif(), "the input had none"
            assert "icc_profile" not in image.info, "the profile is for gray"
    with pytest.raises(ConfigError, match="--overwrite"):
        translate(source, tmp_path / "out", keep_metadata=True)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".avif"])
def test_I11_the_licence_in_xmp_is_kept_the_rest_on_request(suffix: str, tmp_path: Path) -> None:
    place, rights = Property("urn:x", "Place"), Property(RIGHTS, "UsageTerms")
    prefixes = {"urn:x": "x", RIGHTS: "r"}
    packet = Packet().merge({place: "home", rights: "CC0"}, prefixes, keep_all=True)
    like = Header(format="", size=(4, 6), xmp=packet)
    write_image(tmp_path / "in" / f"x{suffix}", np.zeros((4, 6, 3), np.uint8), like)
    for name, options in (("out", {}), ("kept", {"keep_metadata": True}), ("plain", NO_MAKER)):
        translate(tmp_path / "in", tmp_path / name, **options)
        xmp = EncodedImage.open(tmp_path / name / f"x{suffix}").header.xmp
        texts = Packet(xmp).texts
        assert texts[rights] == "CC0" and (place in texts) == (name == "kept")
        assert (INVERTER.digest.encode() in xmp) == (name != "plain")


def test_damaged_or_oversized_metadata_does_not_skip_the_image(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    oversized = Image.Exif()
    oversized[Base.ImageDescription] = "x" * 66_000  # JPEG stores at most 65,533 bytes
    for name, exif in {"a.png": b"Exif\0\0II*\0\xff\xff\xff\xff", "b.webp": oversized}.items():
        Image.new("RGB", (6, 4)).save(tmp_path / "in" / name, exif=exif)
    summary = translate(tmp_path / "in", tmp_path / "out", keep_metadata=True, format="jpg")
    assert done_skipped_listed(summary) == (2, 0, 0)
