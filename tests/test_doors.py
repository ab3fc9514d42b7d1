"""One table of inputs through four doors: `infer`, `Translator`, `datasets check` and training."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from command_result import CommandResult
from PIL import Image, ImageCms
from specs import image_spec

from translate.api import Translator
from translate.engine.config.schema import Data
from translate.engine.data import check
from translate.engine.inference.model import Model
from translate.errors import BadImage
from translate.insight.dataset import check_images
from translate.recipe import Recipe


class Same(Recipe[Any]):
    """Gives back what it gets, so that a door shows what it has read."""

    keeps_gray = True

    def optimizers(self) -> dict[str, Any]:
        return {}

    def step(self, batch: Any) -> Any:
        raise NotImplementedError

    def translate(self, images: torch.Tensor, *, to: str | None = None) -> torch.Tensor:  # noqa: ARG002
        return images


class Given(NamedTuple):
    """One input."""

    name: str
    data: bytes
    shows: Any = None
    """the upright pixels in 8 bits, gray or RGB; None: it is bad"""
    exact: int = 0
    """by how many levels a door may differ from `shows`"""
    profile: bool = False
    notes: tuple[str, ...] = ()


SIZE = (20, 28)
COLOUR = np.random.default_rng(0).integers(0, 255, (*SIZE, 3), np.uint8)
GRAY = COLOUR[..., 0]
ALPHA = (
    np.where(np.arange(SIZE[1]) < 9, 0, 255).astype(np.uint8)
    * np.ones((*SIZE, 1), np.uint8)[..., 0]
)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def packed(pixels: Any, form: str = "PNG", **options: Any) -> bytes:
    buffer = BytesIO()
    picture = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def deep_png(pixels: Any) -> bytes:
    """Return a PNG of 16 bits a channel, which Pillow cannot write in colour."""
    import cv2

    done, content = cv2.imencode(".png", pixels[..., ::-1])
    assert done
    return content.tobytes()


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = {6: np.rot90(COLOUR), 3: COLOUR[::-1, ::-1]}[orientation]
    return packed(np.ascontiguousarray(upright), exif=exif.tobytes())


OVER_WHITE = np.where(ALPHA[..., None] == 0, 255, COLOUR).astype(np.uint8)
PALETTE = Image.fromarray(COLOUR).quantize(16)
GRAY_ALPHA = Image.merge("LA", [Image.fromarray(GRAY), Image.fromarray(ALPHA)])
CMYK = Image.fromarray(COLOUR).convert("CMYK")
TABLE = [
    Given("colour.png", packed(COLOUR), COLOUR),
    Given("gray.png", packed(GRAY), GRAY),
    Given("one-bit.png", packed(Image.fromarray(GRAY).convert("1")),
          np.asarray(Image.fromarray(GRAY).convert("1").convert("L"))),
    Given("gray16.png", packed(GRAY.astype(np.uint16) * 257), GRAY, notes=("16 bits",)),
    Given("colour16.png", deep_png(COLOUR.astype(np.uint16) * 257), COLOUR, notes=("16 bits",)),
    Given("alpha.png", packed(np.dstack([COLOUR, ALPHA])), OVER_WHITE, notes=("transparency",)),
    Given("gray-alpha.png", packed(GRAY_ALPHA),
          np.where(ALPHA == 0, 255, GRAY), notes=("transparency",)),
    Given("palette.png", packed(PALETTE), np.asarray(PALETTE.convert("RGB")), notes=("palette",)),
    Given("profile.png", packed(COLOUR, icc_profile=SRGB), COLOUR, profile=True),
    Given("profile.webp", packed(COLOUR, "WEBP", lossless=True, icc_profile=SRGB), COLOUR,
          profile=True),
    Given("turned6.png", turned(6), COLOUR),
    Given("turned3.png", turned(3), COLOUR),
    Given("cmyk.tif", packed(CMYK, "TIFF"), np.asarray(CMYK.convert("RGB")), 2, notes=("CMYK",)),
    Given("photo.jpg", packed(np.full((*SIZE, 3), (200, 30, 40), np.uint8), "JPEG", quality=95),
          np.full((*SIZE, 3), (200, 30, 40), np.uint8), 3),
    Given("moving.gif", packed(Image.fromarray(GRAY).quantize(8), "GIF", save_all=True,
                               append_images=[Image.new("L", SIZE[::-1])]),
          np.asarray(Image.fromarray(GRAY).quantize(8).convert("RGB")), notes=("2 frames",)),
    Given("cut.png", packed(COLOUR)[:200]),
    Given("empty.png", b""),
    Given("page.png", b"<html>not here</html>"),
    Given("numbers.tif", packed(Image.fromarray(np.full(SIZE, -5, np.int32)), "TIFF")),
]  # fmt: skip
GOOD = [given for given in TABLE if given.shows is not None]
BAD = [given for given in TABLE if given.shows is None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for given in TABLE:
        (tmp_path / "in" / given.name).write_bytes(given.data)
    return tmp_path / "in"


@pytest.fixture
def model() -> Translator:
    spec = image_spec(SIZE, ("in",))
    return Translator._of(Model("runs/same", "same", Same(), spec, (), torch.device("cpu")))


def trained_on(folder: Path, **given: Any) -> Any:
    """Return what training reads, uncropped, and what it lists."""
    asked = Data(
        root=folder.parent, domains=("in",), layout="images", size=SIZE, resize="none", flip=False,
        max_bad=1.0, **given,
    )  # fmt: skip
    prepared = check.check_data(check.open_layout(asked), asked)
    found = {given.name: prepared.augment.read(folder / given.name) for given in GOOD}
    return found, prepared, asked


def outputs_by_input(out: Path) -> dict[str, Path]:
    """Return the outputs by the names of their inputs, of which some have another suffix."""
    lines = lines_of(out / ".translate/done.jsonl")
    return {Path(line["input"]).name: out / line["output"] for line in lines}


def opened(path: Path) -> Image.Image:
    return Image.open(BytesIO(path.read_bytes()))


def lines_of(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def in_colour(pixels: Any) -> Any:
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)


@pytest.mark.filterwarnings("ignore:reading an image")
@pytest.mark.parametrize("cache", [2.0, 0.0])
def test_I17_a_file_has_the_same_pixels_in_every_command_and_in_python(
    folder: Path, model: Translator, cache: float, tmp_path: Path
) -> None:
    summary = model.folder(folder, tmp_path / "out")
    assert (summary.done, summary.listed) == (len(GOOD), len(BAD))
    written = outputs_by_input(tmp_path / "out")
    read, _, _ = trained_on(folder, cache=cache)
    for given in GOOD:
        by_infer = opened(written[given.name])
        by_python = model(folder / given.name)
        assert by_python.mode == by_infer.mode, given.name
        assert np.asarray(by_python).shape == given.shows.shape, given.name
        worst = np.abs(np.asarray(by_python).astype(int) - given.shows).max()
        assert worst <= given.exact, (given.name, worst)
        if written[given.name].suffix != ".jpg":
            assert (np.asarray(by_infer) == np.asarray(by_python)).all(), given.name
        assert (read[given.name] == in_colour(np.asarray(by_python))).all(), given.name
        for other in (given.data, BytesIO(given.data)):
            assert (np.asarray(model(other)) == np.asarray(by_python)).all(), given.name


@pytest.mark.filterwarnings("ignore:reading an image")
def test_I17_infer_and_translator_keep_the_same_profile_and_drop_the_orientation(
    folder: Path, model: Translator, tmp_path: Path
) -> None:
    model.folder(folder, tmp_path / "out")
    written = outputs_by_input(tmp_path / "out")
    for given in GOOD:
        by_infer = opened(written[given.name])
        for source in (folder / given.name, opened(folder / given.name)):
            buffer = BytesIO()
            model(source).save(buffer, "PNG")
            kept = Image.open(buffer).info.get("icc_profile")
            assert (kept is not None) == given.profile, given.name
            assert kept == by_infer.info.get("icc_profile"), given.name
            assert Image.open(buffer).getexif().get(0x0112, 1) == 1


@pytest.mark.filterwarnings("ignore:reading an image")
def test_I17_a_bad_file_has_the_same_reason_everywhere(
    folder: Path, model: Translator, tmp_path: Path
) -> None:
    model.folder(folder, tmp_path / "out")
    by_infer = {
        Path(line["path"]).name: line["message"]
        for line in lines_of(tmp_path / "out/problems.jsonl")
        if line["reason"] == "unreadable"
    }
    _, prepared, asked = trained_on(folder)
    by_training = {p.path.name: p.message for p in prepared.problems}
    by_check = [finding.message for finding in check_images(asked) if finding.state == "broken"]
    by_python = {}
    for given in BAD:
        with pytest.raises(BadImage) as error:
            model(folder / given.name)
        by_python[given.name] = error.value.reason
        assert f"{folder / given.name}: {error.value.reason}" in by_check
    assert by_python == by_infer == by_training
    assert by_python.keys() == {given.name for given in BAD}


def test_I17_what_a_file_loses_is_reported_everywhere(
    folder: Path, model: Translator, tmp_path: Path
) -> None:
    for given in BAD:
        (folder / given.name).unlink()
    model.folder(folder, tmp_path / "out")
    by_infer: dict[str, set[str]] = {given.name: set() for given in GOOD}
    for line in lines_of(tmp_path / "out/problems.jsonl"):
        by_infer[Path(line["path"]).name].add(line["message"])
    _, prepared, asked = trained_on(folder)
    by_training: dict[str, set[str]] = {given.name: set() for given in GOOD}
    for note in prepared.notes:
        by_training[note.path.name].add(note.message)
    assert by_infer == by_training
    for given in GOOD:
        told = " ".join(by_infer[given.name])
        assert all(note in told for note in given.notes), (given.name, told)
        assert bool(told) == bool(given.notes), (given.name, told)
        if given.notes:
            with pytest.warns(UserWarning) as heard:
                model(folder / given.name)
            said = {str(warning.message).removeprefix("reading an image: ") for warning in heard}
            assert said == by_infer[given.name]
    by_check = {finding.message.removeprefix("train: ") for finding in check_images(asked)}
    assert set(prepared.warnings) <= by_check


def test_I17_training_and_datasets_check_report_the_same(
    image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    folder = image_folder("in", 6, size=24)
    (folder / "notes.txt").write_text("x")
    Image.new("RGB", (8, 8)).save(folder / "small.png")
    asked = Data(root=tmp_path, domains=("in",), layout="images", size=20)
    said = check.check_data(check.open_layout(asked), asked).warnings
    checked = {finding.message.removeprefix("train: ") for finding in check_images(asked)}
    assert any("without an image suffix" in line for line in said)
    assert any("1 of 7 images are smaller than the crop of 20x20" in line for line in said)
    assert set(said) <= checked


def test_I17_the_command_and_python_report_the_same(
    run_command: Callable[..., CommandResult], image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    image_folder("in/train", 3, size=24)
    (tmp_path / "in/train/notes.txt").write_text("x")
    outcome = run_command("datasets", "check", "in", "--data", tmp_path, "--size", "32")
    assert "skipped 1 file without an image suffix" in outcome.out
    assert "3 of 3 images are smaller than the crop of 32x32: enlarged to the crop" in outcome.out
