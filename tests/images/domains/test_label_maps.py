"""Label maps keep the values of the page or frame that is read, in every file format."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from translate.batches import Domain
from translate.errors import BadImage
from translate.images.domains import domain_images, label_maps
from translate.images.source import EncodedImage

CLASSES = np.random.default_rng(0).integers(0, 19, (24, 20)).astype(np.uint8)
COLOURS = np.random.default_rng(1).permutation(256 * 3).reshape(256, 3).astype(np.uint8)
"""the colours of a palette, by class"""
COLORMAP = COLOURS.T.astype(np.uint16) * 257
"""the palette as TIFF stores it: (3, 256) in 16 bits"""


def write_page(writer: tifffile.TiffWriter, classes: NDArray[np.uint8], **tags: int) -> None:
    writer.write(classes, photometric="palette", colormap=COLORMAP, metadata=None, **tags)


@pytest.mark.parametrize(
    ("channels", "expected"), [(1, CLASSES[..., None]), (3, COLOURS[CLASSES])], ids=["1", "3"]
)
def test_D25_a_thumbnail_before_a_label_map_is_not_read_in_its_place(
    channels: int, expected: NDArray[np.uint8], tmp_path: Path
) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        write_page(writer, CLASSES[::4, ::4].copy(), subfiletype=1)
        write_page(writer, CLASSES)
    pixels = domain_images.read(tmp_path / "a.tif", Domain("", channels, labels=True))
    np.testing.assert_array_equal(pixels, expected)


@pytest.mark.parametrize("channels", [1, 3])
def test_D25_each_page_of_label_maps_is_read_separately(channels: int, tmp_path: Path) -> None:
    file = tmp_path / "a.tif"
    pages = [CLASSES, CLASSES[::-1].copy()]
    with tifffile.TiffWriter(file) as writer:
        for classes in pages:
            write_page(writer, classes)
    frames = EncodedImage.open(file)
    for number, classes in enumerate(pages):
        pixels = label_maps.labels_from_layers(frames.decode_layers(number), file, channels)
        np.testing.assert_array_equal(
            pixels, classes[..., None] if channels == 1 else COLOURS[classes]
        )


def test_D25_a_palette_of_8_bit_values_gives_the_same_colours_as_one_of_16(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    for colormap in (COLORMAP >> 8, COLORMAP):
        tifffile.imwrite(path, CLASSES, photometric="palette", colormap=colormap)
        pixels = domain_images.read(path, Domain("", 3, labels=True))
        np.testing.assert_array_equal(pixels, COLOURS[CLASSES])


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P"])
def test_D25_transparency_adds_no_values(mode: str, tmp_path: Path) -> None:
    alpha = Image.fromarray(np.where(CLASSES > 9, 100, 255).astype(np.uint8))
    if mode == "P":
        image = Image.fromarray(CLASSES)
        image.putpalette(COLOURS.tobytes())
        image.save(tmp_path / "a.png", transparency=bytes(range(19)))
    else:
        image = Image.fromarray(CLASSES if mode == "LA" else COLOURS[CLASSES])
        image.putalpha(alpha)
        image.save(tmp_path / "a.png")
    channels = 1 if mode == "LA" else 3
    pixels = domain_images.read(tmp_path / "a.png", Domain("", channels, labels=True))
    np.testing.assert_array_equal(pixels, CLASSES[..., None] if mode == "LA" else COLOURS[CLASSES])


def test_D25_colours_other_than_gray_are_refused_for_one_channel(tmp_path: Path) -> None:
    Image.fromarray(COLOURS[CLASSES]).save(tmp_path / "a.png")
    with pytest.raises(BadImage, match="a label map in colours, and its domain has one channel"):
        domain_images.read(tmp_path / "a.png", Domain("", 1, labels=True))
    Image.fromarray(CLASSES).convert("RGB").save(tmp_path / "gray.png")
    pixels = domain_images.read(tmp_path / "gray.png", Domain("", 1, labels=True))
    np.testing.assert_array_equal(pixels[..., 0], CLASSES)
