"""`Translate` translates batches of any data engine to the bytes that `translate infer` writes."""

import pickle
from collections.abc import Callable
from dataclasses import fields
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_checkpoints
import tifffile
from PIL import Image

from translate.api import Translator
from translate.engine.models.options import InferenceOptions
from translate.errors import ConfigError
from translate.scale import FOLDER_OPTIONS, Translate


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_checkpoints.cyclegan(tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture(scope="module")
def translate(run: Path) -> Translate:
    return Translate(run, device="cpu", batch_size=3)


@pytest.fixture
def photos(image_folder: Callable[..., Path]) -> Path:
    folder = image_folder("photos", 4)
    Image.new("RGB", (9, 5), "red").save(folder / "small.jpg")
    Image.new("RGBA", (9, 5), (0, 200, 0, 90)).save(folder / "transparent.gif")
    (folder / "cut.png").write_bytes((folder / "0000.png").read_bytes()[:70])
    (folder / "empty.png").write_bytes(b"")
    return folder


def columns(folder: Path) -> dict[str, Any]:
    """Return the batch of a folder as Ray makes it: arrays that cannot be written to."""
    files = sorted(folder.iterdir())
    batch = {"path": np.array([str(path) for path in files]), "bytes": np.empty(len(files), object)}
    batch["bytes"][:] = [path.read_bytes() for path in files]
    for column in batch.values():
        column.flags.writeable = False
    return batch


def test_outputs_have_the_bytes_that_infer_writes(
    run: Path, translate: Translate, photos: Path, tmp_path: Path
) -> None:
    counts = Translator.load(run, device="cpu").folder(photos, tmp_path / "out")
    assert (counts.done, counts.listed) == (6, 2)
    result = translate(columns(photos))
    read = translate({"path": [str(path) for path in sorted(photos.iterdir())]})
    for name, data, error in zip(result["output"], result["bytes"], result["error"], strict=True):
        expected = tmp_path / "out" / name
        assert bool(error) == (not name)
        assert error or data == expected.read_bytes()
    assert [*read["bytes"]] == [*result["bytes"]]
    assert {name for name in result["output"] if name} == {
        *(f"000{n}.png" for n in range(4)), "small.jpg", "transparent.png",
    }  # fmt: skip


def test_an_image_that_cannot_be_read_has_an_error_and_the_others_are_translated(
    translate: Translate, photos: Path
) -> None:
    result = translate({**columns(photos), "label": [*range(8)]})
    by_name = {Path(p).name: index for index, p in enumerate(result["path"])}
    for name, reason in {"empty.png": "an empty file", "cut.png": ""}.items():
        index = by_name[name]
        assert reason in result["error"][index] and result["error"][index]
        assert (result["stage"][index], result["reason"][index]) == ("read", "unreadable")
        assert result["bytes"][index] == b""
    assert sum(not error for error in result["error"]) == 6
    assert result["label"] == [*range(8)]
    assert (result["seconds"] > 0).all()


def test_a_path_may_occur_twice_with_different_bytes(translate: Translate, photos: Path) -> None:
    path = str(photos / "0000.png")
    other = (photos / "0001.png").read_bytes()
    twice = translate({"path": [path, path], "bytes": [other, (photos / "0000.png").read_bytes()]})
    once = translate({"path": [path]})
    assert twice["bytes"][1] == once["bytes"][0] != twice["bytes"][0]


def test_outputs_are_named_relative_to_the_root(run: Path, photos: Path) -> None:
    translate = Translate(run, device="cpu", root=photos.parent, format="webp")
    result = translate({"path": [str(photos / "0000.png"), "/elsewhere/x.png"]})
    assert [*result["output"]] == ["photos/0000.webp", ""]
    assert "not below" in result["error"][1]


def test_an_instance_is_pickled_as_its_arguments(
    run: Path, translate: Translate, photos: Path
) -> None:
    data = pickle.dumps(Translate(run, device="cpu", batch_size=3))
    assert len(data) < 1000
    batch = columns(photos)
    assert [*pickle.loads(data)(batch)["bytes"]] == [*translate(batch)["bytes"]]


def test_the_input_is_any_object_of_bytes(translate: Translate, photos: Path) -> None:
    path, data = str(photos / "0000.png"), (photos / "0000.png").read_bytes()
    objects: list[Any] = [data, bytearray(data), memoryview(data), np.frombuffer(data, np.uint8)]
    results = {translate({"path": [path], "bytes": [each]})["bytes"][0] for each in objects}
    assert len(results) == 1


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ({"image": []}, "no column 'path': got 'image'"),
        ({"path": ["a.png"], "bytes": [7]}, "column 'bytes': expected the content .* got 7"),
        ({"path": ["a.png"], "bytes": []}, "column 'path' has 1 values, and column 'bytes' 0"),
        ({"path": [3]}, "column 'path': expected text, got 3"),
    ],
)
def test_a_wrong_column_is_named_in_the_error(
    translate: Translate, batch: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        translate(batch)


def test_every_option_of_infer_is_an_argument_or_belongs_to_the_folder() -> None:
    options = {field.name for field in fields(InferenceOptions)}
    assert options - signature(Translate).parameters.keys() == {*FOLDER_OPTIONS}


def test_an_empty_batch_stays_empty(translate: Translate) -> None:
    assert [*translate({"path": []})["bytes"]] == []


def test_an_unknown_option_is_refused_at_once(run: Path) -> None:
    with pytest.raises(ConfigError, match="szie"):
        Translate(run, device="cpu", szie=3)


def test_frames_have_the_bytes_that_infer_writes(
    run: Path, translate: Translate, tmp_path: Path
) -> None:
    pages = [np.full((16, 12, 3), level, np.uint8) for level in (40, 90, 200)]
    tifffile.imwrite(tmp_path / "scan.tif", np.stack(pages), photometric="rgb")
    Translator.load(run, device="cpu").folder(tmp_path / "scan.tif", tmp_path / "out", frames="all")
    path = str(tmp_path / "scan.tif")
    result = translate({"path": [path] * 3, "frame": [2, 0, 1], "output": ["c.tif", "a.tif", ""]})
    expected = [(tmp_path / f"out/scan.{n}.tif").read_bytes() for n in ("0003", "0001", "0002")]
    assert [*result["bytes"]] == expected and [*result["error"]] == [""] * 3
    assert [*result["output"]] == ["c.tif", "a.tif", "scan.tif"]
