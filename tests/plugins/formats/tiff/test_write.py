"""Metadata of a TIFF that are written to its translation, and the pixels of written files."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import ExifTags, Image
from tiff_files import TILE, split_into_tiles

from translate.formats import Header
from translate.images.source import EncodedImage
from translate_plugins.formats.tiff import write
from translate_plugins.formats.tiff.format import Tiff

PIXELS = np.random.default_rng(0).integers(0, 60_000, (40, 60), np.uint16)
GEOGRAPHIC_TAGS: list[tuple[int, int, int, Any, bool]] = [
    (33550, 12, 3, (10.0, 10.0, 0.0), True), (33922, 12, 6, (4.0, 2, 0, 5e5, 4e6, 0), True),
    (34735, 3, 8, (1, 1, 0, 1, 1024, 0, 1, 1), True), (34736, 12, 2, (6378137.0, 298.25), True),
    (34737, 2, 9, b"WGS 84 |\0", True), (42113, 2, 6, b"-9999\0", True),
    (42112, 2, 30, "<GDALMetadata>é</GDALMetadata>".encode()[:30], True),
]  # fmt: skip


def tiff(pixels: NDArray[Any] = PIXELS, **options: Any) -> bytes:
    buffer = BytesIO()
    tifffile.imwrite(buffer, pixels, **{"photometric": "minisblack", "metadata": None, **options})
    return buffer.getvalue()


def write_translation(data: bytes, pixels: NDArray[Any], *, keep_private: bool = False) -> bytes:
    header = EncodedImage("x", data).header
    return Tiff().write(pixels, header.for_output(pixels.shape[2], keep_private=keep_private))


def tags(data: bytes) -> dict[int, Any]:
    with tifffile.TiffFile(BytesIO(data)) as file:
        return {tag.code: tag.value for tag in file.pages.first.tags}


@pytest.mark.parametrize("order", "<>")
def test_geographic_coordinates_are_kept_and_scaled_with_the_image(order: Any) -> None:
    data = tiff(extratags=GEOGRAPHIC_TAGS, byteorder=order)
    same_size, half_size = (
        tags(write_translation(data, np.zeros((*size, 1), np.uint16)))
        for size in ((40, 60), (20, 30))
    )
    for code, *_ in GEOGRAPHIC_TAGS:
        assert same_size[code] == tags(data)[code], code
    assert half_size[33550] == (20, 20, 0)
    assert half_size[33922] == (2, 1, 0, 5e5, 4e6, 0)
    assert half_size[34735] == same_size[34735]


def test_a_geographic_matrix_is_scaled_with_the_image() -> None:
    matrix = (10.0, 1, 0, 5e5, 2, -10, 0, 4e6, 0, 0, 0, 0, 0, 0, 0, 1)
    data = tiff(extratags=[(34264, 12, 16, matrix, True)])
    half_size = tags(write_translation(data, np.zeros((20, 30, 1), np.uint16)))[34264]
    assert half_size == (20, 2, 0, 5e5, 4, -20, 0, 4e6, 0, 0, 0, 0, 0, 0, 0, 1)


def test_the_resolution_is_kept_and_scaled_with_the_image() -> None:
    data = tiff(resolution=((300, 1), (150, 1)), resolutionunit=3)
    for size, horizontal in (((40, 60), 300), ((20, 30), 150)):
        written = tags(write_translation(data, np.zeros((*size, 1), np.uint16)))
        assert written[282][0] / written[282][1] == horizontal
        assert written[283][0] / written[283][1] == horizontal / 2
        assert written[296] == 3


def test_a_resolution_with_an_unknown_unit_is_not_written() -> None:
    data = bytearray(tiff(resolution=((300, 1), (150, 1)), resolutionunit=3))
    with tifffile.TiffFile(BytesIO(data)) as file:
        offset = file.pages.first.tags[296].valueoffset
    data[offset] = 9
    assert tags(write_translation(bytes(data), PIXELS[..., None]))[282] == (1, 1)


def test_the_colour_profile_is_kept() -> None:
    profile = bytes(16) + b"GRAY" + bytes(300)
    assert tags(write_translation(tiff(iccprofile=profile), PIXELS[..., None]))[34675] == profile


def test_a_description_of_imagej_with_non_ascii_letters_is_kept() -> None:
    data = tiff(description="ImageJ=1.53\nunit=µm\n".encode())
    assert tags(write_translation(data, PIXELS[..., None]))[270] == "ImageJ=1.53\nunit=µm"


def test_metadata_of_imagej_is_kept() -> None:
    buffer = BytesIO()
    metadata = {"unit": "um", "min": 5.0, "max": 900.0, "Info": "a lens"}
    tifffile.imwrite(buffer, PIXELS, imagej=True, resolution=(2.0, 2.0), metadata=metadata)
    written = write_translation(buffer.getvalue(), PIXELS[..., None])
    with tifffile.TiffFile(BytesIO(written)) as file:
        assert file.is_imagej
        assert file.imagej_metadata == tifffile.TiffFile(BytesIO(buffer.getvalue())).imagej_metadata
        assert (file.asarray() == PIXELS).all()
    floats = tags(write_translation(buffer.getvalue(), PIXELS[..., None].astype(np.float32)))
    assert "unit=um" in floats[270]
    assert "max=" not in floats[270]


def test_the_translation_of_one_page_of_a_stack_of_imagej_is_one_page() -> None:
    buffer = BytesIO()
    tifffile.imwrite(buffer, np.stack([PIXELS] * 3), imagej=True, metadata={"unit": "um"})
    with tifffile.TiffFile(
        BytesIO(write_translation(buffer.getvalue(), PIXELS[..., None]))
    ) as file:
        assert file.asarray().shape == PIXELS.shape
        assert file.imagej_metadata == {"ImageJ": "1.11a", "unit": "um"}


def test_metadata_of_ome_is_kept_for_an_image_of_the_same_size_and_type_only() -> None:
    buffer = BytesIO()
    tifffile.imwrite(buffer, PIXELS, ome=True, metadata={"PhysicalSizeX": 0.65, "axes": "YX"})
    data = buffer.getvalue()
    with tifffile.TiffFile(BytesIO(write_translation(data, PIXELS[..., None]))) as file:
        assert file.ome_metadata == tifffile.TiffFile(BytesIO(data)).ome_metadata
        assert (file.asarray() == PIXELS).all()
    for other in (np.zeros((20, 30, 1), np.uint16), np.zeros((40, 60, 1), np.float32)):
        assert 270 not in tags(write_translation(data, other))


def test_a_description_which_may_name_a_person_is_kept_only_on_request() -> None:
    data = tiff(description="by Jane Doe", extratags=[(315, 2, 9, b"Jane Doe\0", True)])
    assert b"Jane" not in write_translation(data, PIXELS[..., None])
    kept_tags = tags(write_translation(data, PIXELS[..., None], keep_private=True))
    assert (kept_tags[270], kept_tags[315]) == ("by Jane Doe", "Jane Doe")


@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_data_of_a_camera_are_kept_on_request(order: Any) -> None:
    exif = Image.Exif()
    exif[271] = "a maker"
    exif.get_ifd(ExifTags.IFD.Exif)[33434] = 0.5
    exif.get_ifd(ExifTags.IFD.GPSInfo)[1] = "N"
    like = Header(format="", size=(40, 60), private={"exif": exif.tobytes()},
                  extra={"tiff_byte_order": order})  # fmt: skip
    with Image.open(BytesIO(write.encode(PIXELS[..., None], like))) as image:
        assert (np.asarray(image) == PIXELS).all()
        written = image.getexif()
        assert written[271] == "a maker"
        assert written.get_ifd(ExifTags.IFD.Exif)[33434] == 0.5
        assert written.get_ifd(ExifTags.IFD.GPSInfo)[1] == "N"


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "LAB", "I;16"])
def test_a_translation_of_a_tiff_of_any_mode_is_gray_or_rgb_for_pillow(mode: str) -> None:
    image = Image.new("I;16", (9, 7)) if mode == "I;16" else Image.new("RGB", (9, 7)).convert("L")
    if mode not in ("L", "I;16"):
        image = Image.new("LAB", (9, 7)) if mode == "LAB" else image.convert("RGB").convert(mode)
    image.save(buffer := BytesIO(), "TIFF")
    for channels, expected_mode in ((1, "L"), (3, "RGB")):
        pixels = np.full((7, 9, channels), 200, np.uint8)
        with Image.open(BytesIO(write_translation(buffer.getvalue(), pixels))) as written:
            assert written.mode == expected_mode
            assert (np.asarray(written).reshape(pixels.shape) == pixels).all()


def test_an_image_of_another_format_is_compressed() -> None:
    smooth = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)[..., None].repeat(3, 2)
    data = Tiff().write(smooth, Header(format="PNG", size=(64, 64)))
    assert (tifffile.imread(BytesIO(data)) == smooth).all()
    assert len(data) < smooth.nbytes / 3


@pytest.mark.parametrize("channels", [1, 3, 5])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_tiles_are_written_with_all_tags(dtype: Any, channels: int) -> None:
    pixels = np.arange(40 * 60 * channels).reshape(40, 60, channels).astype(dtype)
    like = EncodedImage("x", tiff(extratags=GEOGRAPHIC_TAGS)).header
    file = BytesIO()
    tiles = split_into_tiles(pixels)
    Tiff().write_tiles(file, tiles, (40, 60), channels, dtype, TILE, like)
    written = tifffile.imread(BytesIO(file.getvalue()))
    assert (written.reshape(pixels.shape) == pixels).all()
    assert tags(file.getvalue())[33922] == tags(tiff(extratags=GEOGRAPHIC_TAGS))[33922]
    assert tags(file.getvalue())[322] == TILE
