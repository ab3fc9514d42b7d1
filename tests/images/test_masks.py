"""Masks in every common form give the same hole; other masks are listed with the reason."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hole_filling import FILLER, problem_messages, translate_images
from image_inversion import with_sides
from numpy.typing import NDArray
from PIL import Image

from translate.api import Translator
from translate.errors import BadImage, ConfigError, DataError, NothingUsableError
from translate.images.masks import hole_from_mask, open_mask
from translate.images.source import MAX_PIXELS, read_image

HOLE = np.zeros((9, 13), bool)
HOLE[2:5, 3:9] = True
PHOTO = np.random.default_rng(0).integers(20, 200, (9, 13, 3), np.uint8)
FILLED_PHOTO = np.where(HOLE[..., None], 0, PHOTO)
"""what `FILLER` makes of the photo: the hole becomes black"""


def painted_layer(colour: int | NDArray[np.uint8], alpha: int = 255) -> NDArray[np.uint8]:
    """Return a layer that is opaque in the hole and transparent elsewhere."""
    pixels = np.zeros((9, 13, 4), np.uint8)
    pixels[..., :3] = colour
    pixels[..., 3] = np.where(HOLE, alpha, 0)
    return pixels


def palette_image(*palette: int, indices: NDArray[Any] = HOLE) -> Image.Image:
    """Return an image with a palette: the red, green and blue of each colour."""
    image = Image.fromarray(indices.astype(np.uint8))
    image.putpalette(palette)
    return image


FORMS: dict[str, Any] = {
    "0 and 255": HOLE.astype(np.uint8) * 255,
    "0 and 1": HOLE.astype(np.uint8),
    "0 and 1 in 16 bits": HOLE.astype(np.uint16),
    "0 and 65535": HOLE.astype(np.uint16) * 65535,
    "0 and 1 in colour": np.stack([HOLE.astype(np.uint8)] * 3, -1),
    "one bit": Image.fromarray(HOLE),
    "grays": np.where(HOLE, 140, 100).astype(np.uint8),
    "colour": np.where(HOLE[..., None], [200, 180, 160], [90, 60, 40]).astype(np.uint8),
    "a palette of black and white": palette_image(0, 0, 0, 255, 255, 255),
    "a palette of white and black": palette_image(255, 255, 255, 0, 0, 0, indices=~HOLE),
    "a palette of 0 and 1": palette_image(0, 0, 0, 1, 1, 1),
    "a palette of black and red": palette_image(0, 0, 0, 128, 0, 0),
    "white on transparent": painted_layer(255),
    "black on transparent": painted_layer(0),
    "red on transparent": painted_layer(np.array([255, 0, 0], np.uint8)),
    "gray with alpha": np.dstack([np.zeros((9, 13), np.uint8), HOLE.astype(np.uint8) * 255]),
    "opaque, with alpha": np.insert(np.dstack([HOLE.astype(np.uint8) * 255] * 3), 3, 255, axis=2),
}  # fmt: skip
EMPTY: dict[str, tuple[Any, str]] = {
    "black": (np.zeros((9, 13), np.uint8), "nothing in it is white (largest value 0)"),
    "0 and 2": (HOLE.astype(np.uint8) * 2, "nothing in it is white (largest value 2)"),
    "dark gray": (HOLE.astype(np.uint8) * 127, "nothing in it is white (largest value 127)"),
    "dark gray in 16 bits": (
        HOLE.astype(np.uint16) * 255,
        "nothing in it is white (largest value 255 of 65535)",
    ),
    "one bit": (Image.fromarray(HOLE & ~HOLE), "nothing in it is white (largest value 0)"),
    "transparent": (painted_layer(255, 100), "nothing is painted on its transparent ground"),
}


def save(path: Path, image: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(path)
    return path


@pytest.mark.parametrize("name", FORMS)
def test_D26_every_form_of_mask_gives_the_same_hole(name: str, tmp_path: Path) -> None:
    photo, path = save(tmp_path / "in/a.png", PHOTO), save(tmp_path / "masks/a.png", FORMS[name])
    hole = hole_from_mask(open_mask(path, photo, MAX_PIXELS), photo)
    assert (hole[..., 0] > 0).tolist() == HOLE.tolist()
    translate_images(tmp_path / "in", tmp_path / "out", FILLER, mask=tmp_path / "masks")
    assert (read_image(tmp_path / "out/a.png") == FILLED_PHOTO).all()
    with Image.open(path) as image:
        for mask in (path, str(path), image, FORMS[name]):
            if not (isinstance(mask, np.ndarray) and mask.shape[2:] == (2,)):  # gray with alpha
                assert (Translator._of(FILLER)(PHOTO, mask=mask) == FILLED_PHOTO).all(), type(mask)


@pytest.mark.parametrize("name", EMPTY)
def test_D26_a_mask_without_a_hole_is_listed(name: str, tmp_path: Path) -> None:
    form, reason = EMPTY[name]
    save(tmp_path / "in/a.png", PHOTO)
    save(tmp_path / "in/b.png", PHOTO)
    mask = save(tmp_path / "masks/a.png", form)
    save(tmp_path / "masks/b.png", FORMS["0 and 1"])
    summary = translate_images(tmp_path / "in", tmp_path / "out", FILLER, mask=tmp_path / "masks")
    assert (summary.done, summary.listed) == (1, 1)
    assert problem_messages(tmp_path / "out") == [f"its mask has no hole: {reason}: {mask}"]
    for value in (mask, Image.open(mask), form):
        with pytest.raises((DataError, BadImage), match="has no hole: nothing"):
            Translator._of(FILLER)(PHOTO, mask=value)


def test_an_ambiguous_mask_is_listed(tmp_path: Path) -> None:
    save(tmp_path / "in/a.png", PHOTO)
    cut_out = np.dstack([PHOTO, np.where(HOLE, 0, 255).astype(np.uint8)])
    save(tmp_path / "cut/a.png", cut_out)
    three_classes = HOLE + np.eye(9, 13, dtype=int)
    palette = (0, 0, 0, 128, 0, 0, 224, 224, 192)
    save(tmp_path / "classes/a.png", palette_image(*palette, indices=three_classes))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/a.png").write_bytes(b"<html>")
    for folder, message in {
        "cut": "its mask is an image with transparent parts, not a painted layer",
        "classes": "its mask has a palette with 3 used colours",
        "broken": "its mask cannot be read, no image of a known format",
    }.items():
        with pytest.raises(NothingUsableError):
            translate_images(
                tmp_path / "in", tmp_path / f"out-{folder}", FILLER, mask=tmp_path / folder
            )
        (line,) = problem_messages(tmp_path / f"out-{folder}")
        assert line.startswith(message)


def test_D26_one_mask_file_is_for_one_image_only(tmp_path: Path) -> None:
    photo, mask = save(tmp_path / "in/a.png", PHOTO), save(tmp_path / "other.png", FORMS["0 and 1"])
    translate_images(photo, tmp_path / "out", FILLER, mask=mask)
    assert (read_image(tmp_path / "out/a.png") == FILLED_PHOTO).all()
    save(tmp_path / "in/b.png", PHOTO)
    with pytest.raises(ConfigError, match=r"other.png is one file, and there are 2 images"):
        translate_images(tmp_path / "in", tmp_path / "out2", FILLER, mask=mask)


def test_a_mask_array_may_be_booleans_or_zeros_and_ones() -> None:
    for dtype in (bool, np.int64, np.float32, np.uint8):
        assert (Translator._of(FILLER)(PHOTO, mask=HOLE.astype(dtype)) == FILLED_PHOTO).all()
    for mask, message in (
        (HOLE * 0.5, "float64: expected uint8, uint16, booleans or only 0 and 1"),
        (HOLE.astype(int) * 255, "int64: expected"),
        (np.zeros((0, 3)), "has the shape"),
    ):
        with pytest.raises(DataError, match=message):
            Translator._of(FILLER)(PHOTO, mask=mask)


def test_each_frame_has_its_own_transparent_hole(tmp_path: Path) -> None:
    pages = []
    for shift in (0, 3):
        alpha = np.where(np.roll(HOLE, shift, 1), 0, 255).astype(np.uint8)
        pages.append(Image.fromarray(np.dstack([PHOTO, alpha])))
    (tmp_path / "in").mkdir()
    pages[0].save(tmp_path / "in/a.tif", save_all=True, append_images=pages[1:])
    translate_images(tmp_path / "in", tmp_path / "out", FILLER, frames="all")
    for number, shift in enumerate((0, 3), start=1):
        output = read_image(tmp_path / f"out/a.{number:04}.tif")
        assert (output == np.where(np.roll(HOLE, shift, 1)[..., None], 0, PHOTO)).all()


def test_a_filled_hole_is_not_reported_as_lost_transparency(tmp_path: Path) -> None:
    transparent = np.dstack([PHOTO, np.where(HOLE, 0, 255).astype(np.uint8)])
    save(tmp_path / "in/a.png", transparent)
    translate_images(tmp_path / "in", tmp_path / "out", FILLER)
    assert not (tmp_path / "out/problems.jsonl").exists()


def test_a_mask_of_a_side_by_side_image_is_halved_like_the_image(tmp_path: Path) -> None:
    side_by_side = np.concatenate([PHOTO, PHOTO], axis=1)
    save(tmp_path / "in/a.png", side_by_side)
    save(tmp_path / "masks/a.png", np.concatenate([HOLE & ~HOLE, HOLE], axis=1))
    model = with_sides(FILLER, "left", "right")
    translate_images(
        tmp_path / "in", tmp_path / "out", model, mask=tmp_path / "masks", side="right"
    )
    assert (read_image(tmp_path / "out/a.png") == FILLED_PHOTO).all()
