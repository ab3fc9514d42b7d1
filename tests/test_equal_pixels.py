"""The same input files read by `infer`, `Translator`, `datasets check` and training."""

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_result import CommandResult
from identity_models import Identity
from image_files import IMAGE_FILES, READABLE, SIZE, UNREADABLE
from PIL import Image
from specs import image_spec

from translate.api import Translator
from translate.engine.config.schema import Data
from translate.engine.data import check
from translate.engine.disk.records.json_files import read_lines
from translate.engine.models.model import Model
from translate.errors import BadImage
from translate.images.domains.levels import scale_dtype
from translate.images.layers import split_alpha
from translate.images.source import EncodedImage
from translate.insight.dataset import check_images


class GrayIdentity(Identity):
    """Returns its input, so that the output shows how a file was read."""

    keeps_gray = True


KEPT_BY_INFER = re.compile("^(16 bits|transparency)")
"""notes on what training loses; outputs of `infer` keep it"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for file in IMAGE_FILES:
        (tmp_path / "in" / file.name).write_bytes(file.data)
    return tmp_path / "in"


@pytest.fixture
def model() -> Translator:
    spec = image_spec(SIZE, ("in",))
    return Translator._of(Model("runs/same", "same", spec, recipe=GrayIdentity(spec)))


def read_for_training(folder: Path, **changes: Any) -> Any:
    """Return the uncropped pixels that training reads, the checked data and its configuration."""
    config = Data(
        root=folder.parent, domains=("in",), layout="images", size=SIZE, resize="none", flip=False,
        max_bad=1.0, **changes,
    )  # fmt: skip
    data = check.check_data(check.open_layout(config), config)
    pixels_by_name = {file.name: data.augment.read(folder / file.name) for file in READABLE}
    return pixels_by_name, data, config


def outputs_by_input(out: Path) -> dict[str, Path]:
    """Return the outputs by the names of their inputs, which may have another suffix."""
    lines = read_lines(out / ".translate/done.jsonl")
    return {Path(line["input"]).name: out / line["output"] for line in lines}


def open_image(path: Path) -> Image.Image:
    return Image.open(BytesIO(path.read_bytes()))


def on_white(image: Image.Image) -> Any:
    """Return the pixels of an image, composited onto white."""
    pixels = np.asarray(image)
    if "A" not in image.mode:
        return pixels
    return split_alpha(pixels, alpha=True).composite_over_white()


def to_rgb(pixels: Any) -> Any:
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)


@pytest.mark.filterwarnings("ignore:reading an image")
@pytest.mark.parametrize("cache", [2.0, 0.0])
def test_I17_a_file_has_the_same_pixels_in_every_command_and_in_python(
    folder: Path, model: Translator, cache: float, tmp_path: Path
) -> None:
    summary = model.folder(folder, tmp_path / "out")
    assert (summary.done, summary.listed) == (len(READABLE), len(UNREADABLE))
    outputs = outputs_by_input(tmp_path / "out")
    by_training, _, _ = read_for_training(folder, cache=cache)
    for file in READABLE:
        by_infer = EncodedImage.open(outputs[file.name])
        by_python = model(folder / file.name)
        layers = by_infer.decode_layers()
        assert by_infer.header.bits == (16 if "16" in file.name else 8), file.name
        assert (layers.alpha is not None) == ("A" in by_python.mode) == ("alpha" in file.name)
        visible = on_white(by_python)
        assert visible.shape == file.pixels.shape, file.name
        difference = np.abs(visible.astype(int) - file.pixels).max()
        assert difference <= file.tolerance, (file.name, difference)
        if outputs[file.name].suffix != ".jpg":
            written = scale_dtype(layers.composite_over_white(), "uint8")
            assert (written == visible).all(), file.name
        read = by_training[file.name]
        assert (scale_dtype(read, "uint8") == to_rgb(visible)[..., : read.shape[2]]).all()
        for other in (file.data, BytesIO(file.data)):
            assert (np.asarray(model(other)) == np.asarray(by_python)).all(), file.name


@pytest.mark.filterwarnings("ignore:reading an image")
def test_I17_infer_and_translator_keep_the_same_profile_and_drop_the_orientation(
    folder: Path, model: Translator, tmp_path: Path
) -> None:
    model.folder(folder, tmp_path / "out")
    outputs = outputs_by_input(tmp_path / "out")
    for file in READABLE:
        by_infer = open_image(outputs[file.name])
        for source in (folder / file.name, open_image(folder / file.name)):
            buffer = BytesIO()
            model(source).save(buffer, "PNG")
            profile = Image.open(buffer).info.get("icc_profile")
            assert (profile is not None) == file.profile, file.name
            assert profile == by_infer.info.get("icc_profile"), file.name
            assert Image.open(buffer).getexif().get(0x0112, 1) == 1


@pytest.mark.filterwarnings("ignore:reading an image")
def test_I17_a_bad_file_has_the_same_reason_in_every_command_and_in_python(
    folder: Path, model: Translator, tmp_path: Path
) -> None:
    model.folder(folder, tmp_path / "out")
    by_infer = {
        Path(line["path"]).name: line["message"]
        for line in read_lines(tmp_path / "out/problems.jsonl")
        if line["reason"] == "unreadable"
    }
    _, data, config = read_for_training(folder)
    by_training = {p.path.name: p.message for p in data.problems}
    by_check = [finding.message for finding in check_images(config) if finding.state == "broken"]
    by_python = {}
    for file in UNREADABLE:
        with pytest.raises(BadImage) as error:
            model(folder / file.name)
        by_python[file.name] = error.value.reason
        assert f"{folder / file.name}: {error.value.reason}" in by_check
    assert by_python == by_infer == by_training
    assert by_python.keys() == {file.name for file in UNREADABLE}


def test_I17_information_that_a_file_loses_is_reported_by_every_command_and_in_python(
    folder: Path, model: Translator, tmp_path: Path
) -> None:
    for file in UNREADABLE:
        (folder / file.name).unlink()
    model.folder(folder, tmp_path / "out")
    by_infer: dict[str, set[str]] = {file.name: set() for file in READABLE}
    for line in read_lines(tmp_path / "out/problems.jsonl"):
        by_infer[Path(line["path"]).name].add(line["message"])
    _, data, config = read_for_training(folder)
    by_training: dict[str, set[str]] = {file.name: set() for file in READABLE}
    for note in data.notes:
        by_training[note.path.name].add(note.message)
    for file in READABLE:
        text = " ".join(by_training[file.name])
        assert all(note in text for note in file.notes), (file.name, text)
        assert bool(text) == bool(file.notes), (file.name, text)
        kept_notes = {note for note in by_training[file.name] if KEPT_BY_INFER.search(note)}
        assert by_infer[file.name] == by_training[file.name] - kept_notes
        if by_infer[file.name]:
            with pytest.warns(UserWarning) as warnings:
                model(folder / file.name)
            messages = {
                str(warning.message).removeprefix("reading an image: ") for warning in warnings
            }
            assert messages == by_infer[file.name]
    by_check = {finding.message.removeprefix("train: ") for finding in check_images(config)}
    assert set(data.warnings) <= by_check


def test_I17_training_and_datasets_check_report_the_same(
    image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    folder = image_folder("in", 6, size=24)
    (folder / "notes.txt").write_text("x")
    Image.new("RGB", (8, 8)).save(folder / "small.png")
    config = Data(root=tmp_path, domains=("in",), layout="images", size=20)
    warnings = check.check_data(check.open_layout(config), config).warnings
    by_check = {finding.message.removeprefix("train: ") for finding in check_images(config)}
    assert any("without an image suffix" in line for line in warnings)
    assert any("1 of 7 images are smaller than the crop of 20x20" in line for line in warnings)
    assert set(warnings) <= by_check


def test_I17_the_command_and_python_report_the_same(
    run_command: Callable[..., CommandResult], image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    image_folder("in/train", 3, size=24)
    (tmp_path / "in/train/notes.txt").write_text("x")
    result = run_command("datasets", "check", "in", "--data", tmp_path, "--size", "32")
    assert "skipped 1 file without an image suffix" in result.out
    assert "3 of 3 images are smaller than the crop of 32x32: enlarged to the crop" in result.out
