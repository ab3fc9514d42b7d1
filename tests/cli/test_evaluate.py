"""`translate evaluate`: what it prints and writes, its exit codes, and what it imports."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import small_checkpoints
from command_result import CommandResult

Command = Callable[..., CommandResult]


@pytest.fixture
def run(tmp_path: Path, image_folder: Callable[..., Path]) -> Path:
    for name in ("a/train", "b/train", "a/test", "b/test"):
        image_folder(f"photos/{name}", 3)
    data = {"root": str(tmp_path / "photos"), "layout": "paired"}
    return small_checkpoints.pix2pix(tmp_path / "run", domains=("a", "b"), data=data)


def test_a_run_is_measured_and_the_result_is_printed_and_written(
    run_command: Command, run: Path
) -> None:
    done = run_command("evaluate", run, "--metric", "psnr", "--metric", "mae", "--device", "cpu")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].startswith(f"{run}@1, a to b, 3 images, split test, 32x32 pixels, paired")
    assert [line.split()[0] for line in lines[2:]] == ["metric", "psnr", "mae"]
    assert f"{run / 'evaluation.json'}" in done.err
    document = json.loads((run / "evaluation.json").read_text())
    assert {*document["values"]} == {"psnr", "mae"}


def test_with_format_json_standard_output_has_only_json(run_command: Command, run: Path) -> None:
    done = run_command("evaluate", run, "--metric", "psnr", "--format", "json", "--device", "cpu")
    assert json.loads(done.out) == json.loads((run / "evaluation.json").read_text())


def test_quiet_prints_nothing_and_writes(run_command: Command, run: Path, tmp_path: Path) -> None:
    out = tmp_path / "there.json"
    done = run_command("evaluate", run, "--metric", "psnr", "--quiet", "--out", out)
    assert (done.code, done.out, done.err) == (0, "", "")
    assert out.exists() and not (run / "evaluation.json").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nowhere"], 2, "nowhere"),
        (["RUN", "--metric", "pnsr"], 2, "Did you mean 'psnr'?"),
        (["RUN", "--split", "val"], 2, "there is no split 'val'"),
        (["RUN", "--to", "c"], 2, "does not translate to 'c'"),
        (["RUN", "--size", "x"], 2, "expected N or HEIGHTxWIDTH"),
        (["--real", "photos/a/test", "--fake", "empty"], 4, "there is no image in empty"),
        (["--real", "photos/a/test"], 2, "fake: there is no run and no folder"),
    ],
)
def test_wrong_arguments_are_refused_and_nothing_is_written(
    run_command: Command, run: Path, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    (tmp_path / "empty").mkdir()
    words = [run if argument == "RUN" else argument for argument in arguments]
    result = run_command("evaluate", *words, "--device", "cpu")
    assert result.code == code and message in result.err
    assert not (run / "evaluation.json").exists()
