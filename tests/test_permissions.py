"""Files and folders without permissions: listed items, or a one-line error before any work."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import permissions
import pytest
import small_checkpoints
from train_command import TRAIN

Run = Callable[..., Any]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="capabilities are Linux's")


@pytest.fixture
def translate(run_command: Run, tmp_path: Path) -> Iterator[Run]:
    """Run `translate` with file modes enforced, and make all folders accessible afterwards."""

    def call(*arguments: object) -> Any:
        with permissions.permissions_enforced():
            result = run_command(*arguments)
        errors = [line for line in result.err.splitlines() if line.startswith("Error: ")]
        assert len(errors) == (result.code not in (0, 3)), result
        assert "report it" not in result.err
        return result

    yield call
    for folder, _, _ in os.walk(tmp_path):
        Path(folder).chmod(0o755)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return small_checkpoints.cyclegan(tmp_path / "model")


def test_file_modes_are_enforced_for_root_too(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.touch(0o000)
    with permissions.permissions_enforced(), pytest.raises(PermissionError):
        file.read_bytes()
    assert file.read_bytes() == b"" or os.geteuid()


@pytest.mark.parametrize("mode", [0o444, 0o000, 0o111])
def test_a_folder_without_permissions_is_listed_and_the_rest_is_done(
    mode: int, translate: Run, model: Path, image_folder: Callable[..., Path]
) -> None:
    source = image_folder("in", 2, size=8)
    image_folder("in/closed", 2, size=8).chmod(mode)
    (source / "link.png").symlink_to(source / "closed/0000.png")
    result = translate("infer", model, source, "out")
    assert result.code == 3, result
    assert "Permission denied" in result.out
    assert Path("out/0001.png").exists()
    assert "closed" in Path("out/problems.jsonl").read_text()


def test_a_file_without_permissions_is_listed(
    translate: Run, model: Path, image_folder: Callable[..., Path]
) -> None:
    source = image_folder("in", 2, size=8)
    (source / "0000.png").chmod(0)
    result = translate("infer", model, source, "out")
    assert result.code == 3 and Path("out/0001.png").exists()
    assert "Permission denied" in Path("out/problems.jsonl").read_text()


@pytest.mark.parametrize(
    "path", [".translate/done.jsonl", ".translate", ".translate/lock", "problems.jsonl", "."]
)
@pytest.mark.parametrize("mode", [0o000, 0o444, 0o555])
def test_an_output_folder_without_permissions_is_a_one_line_error(
    path: str,
    mode: int,
    translate: Run,
    model: Path,
    image_folder: Callable[..., Path],
) -> None:
    source = image_folder("in", 1, size=8)
    assert translate("infer", model, source, "out").code == 0
    Path("out/problems.jsonl").touch()
    shutil.copy("in/0000.png", "in/new.png")
    target = Path("out") / path
    target.chmod(mode)
    result = translate("infer", model, source, "out")
    assert result.code in (0, 2, 3), result
    if result.code:
        assert "Permission denied" in result.out + result.err, result
    if target.exists():
        target.chmod(0o755)
    assert translate("infer", model, source, "out").code == 0


@pytest.mark.parametrize("path", [".", ".lock", "checkpoints", "run.json", "log.jsonl"])
@pytest.mark.parametrize("mode", [0o555, 0o444, 0o000])
def test_a_run_without_permissions_is_a_one_line_error_or_resumes(
    path: str, mode: int, translate: Run, image_folder: Callable[..., Path]
) -> None:
    image_folder("a", 2, size=16), image_folder("b", 2, size=16)
    assert translate(*TRAIN, "--out", "run", "--quiet").code == 0
    (Path("run") / path).touch()
    (Path("run") / path).chmod(mode)
    result = translate("train", "--resume", "run", "--steps", "3")
    assert result.code in (0, 2, 3, 6), result
    if result.code:
        assert "Permission denied" in result.out + result.err, result


@pytest.mark.parametrize("mode", [0o444, 0o000, 0o111])
def test_training_data_without_permissions_are_listed_or_a_one_line_error(
    mode: int, translate: Run, image_folder: Callable[..., Path]
) -> None:
    image_folder("a", 2, size=16), image_folder("b", 2, size=16)
    image_folder("a/closed", 1, size=16).chmod(mode)
    result = translate(*TRAIN)
    assert result.code in (0, 2, 3, 5), result
    assert "closed" in result.err and "Permission denied" in result.err, result


@pytest.mark.parametrize("mode", [0o444, 0o000])
def test_a_run_that_cannot_be_read_is_a_one_line_error(
    mode: int, translate: Run, model: Path, image_folder: Callable[..., Path]
) -> None:
    source = image_folder("in", 1, size=8)
    (step,) = (model / "checkpoints").iterdir()
    manifest = [step / "MANIFEST.json"] if not mode else []
    for path in (model, model / "checkpoints", step, *manifest):
        path.chmod(mode)
        for command in (("infer", model, source, "out"), ("train", "--resume", model)):
            result = translate(*command)
            assert result.code == 2, result
        path.chmod(0o755)


def test_a_path_of_thousands_of_characters_is_a_one_line_error(
    translate: Run, model: Path, image_folder: Callable[..., Path]
) -> None:
    source, long = image_folder("in", 1, size=8), "x" * 6000
    for command in (
        ("infer", model, long, "out"), ("infer", model, source, long),
        ("infer", long, source, "out"),
        ("infer", model, f"{long}/*.png", "out"), ("infer", model, source, "out", "--mask", long),
        ("train", "--resume", long), ("train", "--config", f"{long}.yaml"), ("show", long),
        ("train", "--plugin", "cyclegan", "--domains", long, "b", "--steps", "1"),
        ("train", "--plugin", "cyclegan", "--domains", "a", "b", "--data", long, "--steps", "1"),
        (*TRAIN, "--out", long), ("sample", long, "out"), ("datasets", "check", long),
    ):  # fmt: skip
        result = translate(*command)
        assert result.code == 2, result
        (line,) = [line for line in result.err.splitlines() if line.startswith("Error: ")]
        assert len(line) < 1000, "the name is shortened"
