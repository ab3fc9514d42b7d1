"""Mistakes and failures in `translate train`: messages and exit codes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from train_command import TRAIN

Run = Callable[..., Any]
RESUME = ("train", "--resume", "run")
pytestmark = pytest.mark.usefixtures("root")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([*TRAIN, "--domains"], "Option '--domains' requires an argument."),
        ([*TRAIN[:3], "--domains", *TRAIN[6:]], "Option '--domains' requires an argument."),
        ([*TRAIN, "--epochs", "3"], "set the length of training: leave out one."),
        ([*TRAIN, "--size", "big"], "expected N or HEIGHTxWIDTH, got 'big'."),
        ([*TRAIN, "--precision", "fp16"], "'fp16' is not one of 'fp32', 'bf16'."),
        ([*RESUME, "--plugin", "cyclegan", "--out", "other"], "leave out --plugin, --out."),
        ([*TRAIN, "--json"], "--json is only for --dry-run: add --dry-run"),
        ([*TRAIN, "--lr", "1e-4"], "No such option: --lr. Did you mean the setting options.lr of"),
        ([*TRAIN, "--cycle-weight=5"], "Write --set options.cycle_weight=VALUE."),
        (["train", "--config", "cgan-mnist", "--lr", "1"], "options.lr_generator"),
        (["train", "--domains", "a", "b", "--lr", "1"], "Write --set options.lr=VALUE."),
        ([*TRAIN, "--log-every", "9"], "Did you mean the setting train.log_every?"),
        ([*TRAIN, "--batch_size", "2"], "No such option: --batch_size. Did you mean --batch-size?"),
        ([*TRAIN, "--stepps", "9"], "No such option '--stepps'"),
    ],
)
def test_wrong_options_are_refused_with_what_to_type(
    arguments: list[str], message: str, run_command: Run
) -> None:
    result = run_command(*arguments)
    assert (result.code, result.out) == (2, "")
    assert message in " ".join(result.err.split())


def test_an_output_folder_with_a_run_is_refused_with_the_command_to_resume(
    run_command: Run, root: Path
) -> None:
    run_command(*TRAIN, "--out", "run")
    before = sorted(p.stat().st_mtime_ns for p in (root / "run").rglob("*"))
    result = run_command(*TRAIN, "--out", "run")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "Error: run already contains a run. Resume it with --resume run, repeat this command with "
        "--resume auto, or choose another folder with --out.\n"
    )
    assert sorted(p.stat().st_mtime_ns for p in (root / "run").rglob("*")) == before


def test_a_corrupt_file_is_listed_with_exit_code_3(run_command: Run, root: Path) -> None:
    (root / "a/bad.png").write_text("<html>")
    result = run_command(*TRAIN, "--out", "run", "--set", "data.max_bad=0.5")
    assert result.code == 3
    assert result.out.splitlines()[-1] == "1 listed in run/problems.jsonl"
    assert "\nskipped: a/bad.png: " in result.out


def test_too_many_corrupt_files_are_exit_code_5_and_none_usable_exit_code_2(
    run_command: Run, root: Path
) -> None:
    for count in (1, 2, 3):
        (root / f"a/bad{count}.png").write_text("<html>")
    result = run_command(*TRAIN, "--out", "run")
    assert result.code == 5
    assert result.err.startswith("Error: 3 of 11 images cannot be read")
    for path in (*(root / "a").iterdir(), *(root / "b").iterdir()):
        path.write_text("")
    assert run_command(*TRAIN, "--out", "run").code == 2
    assert not (root / "run").exists()


@pytest.mark.parametrize("key", ["schedule={generatr: linear}", "clip_norm={generatr: 1}"])
def test_an_unknown_player_in_a_setting_is_refused(key: str, run_command: Run) -> None:
    result = run_command(*TRAIN, "--set", f"train.{key}")
    assert result.code == 2
    assert "has no player 'generatr'. Did you mean 'generators'? Its players: " in result.err
