"""`FolderWriter` writes rows as `translate infer` writes its outputs."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_checkpoints
from image_inversion import file_digests

from translate.api import Translator
from translate.scale import Translate
from translate.scale.folder import FolderWriter


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_checkpoints.cyclegan(tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture
def translated(run: Path, image_folder: Callable[..., Path]) -> dict[str, Any]:
    folder = image_folder("photos", 3)
    (folder / "z.png").write_bytes(b"")
    paths = [str(path) for path in sorted(folder.iterdir())]
    return Translate(run, device="cpu", root=folder)({"path": paths})


def test_a_folder_equals_that_of_infer_and_infer_skips_its_images(
    run: Path, translated: dict[str, Any], tmp_path: Path
) -> None:
    out, expected, photos = tmp_path / "out", tmp_path / "expected", tmp_path / "photos"
    result = FolderWriter(out)(translated)
    assert "bytes" not in result and [*map(bool, result["error"])] == [False, False, False, True]
    translator = Translator.load(run, device="cpu")
    translator.folder(photos, expected)
    assert file_digests(out) == file_digests(expected)
    counts = translator.folder(photos, out)
    assert (counts.done, counts.skipped, counts.listed) == (0, 3, 1)


def test_a_row_that_comes_twice_is_written_once(translated: dict[str, Any], tmp_path: Path) -> None:
    writer = pickle.loads(pickle.dumps(FolderWriter(tmp_path / "out")))
    writer(translated)
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.png")}
    assert [*writer(translated)["error"]][:3] == [""] * 3
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_a_file_of_another_origin_is_replaced_with_overwrite_only(
    translated: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "0001.png").write_bytes(b"mine")
    result = FolderWriter(out)(translated)
    assert [*result["reason"]] == ["", "EEXIST", "", "unreadable"]
    assert (out / "0001.png").read_bytes() == b"mine"
    assert [*FolderWriter(out, overwrite=True)(translated)["reason"]][:3] == [""] * 3
    assert (out / "0001.png").read_bytes() != b"mine"


@pytest.mark.parametrize("output", ["../up.png", "/tmp/absolute.png", "", "a/../../up.png"])
def test_an_output_outside_the_folder_is_refused(
    translated: dict[str, Any], tmp_path: Path, output: str
) -> None:
    translated["output"][0] = output
    result = FolderWriter(tmp_path / "out/inner")(translated)
    assert result["reason"][0] == "outside" and "expected a file name" in result["error"][0]
    assert not [*tmp_path.rglob("up.png")] and not Path("/tmp/absolute.png").exists()
