"""`translate train`: options, files and messages."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_runs
from train_command import TRAIN, saved_settings

from translate.engine.config import yaml_text

Run = Callable[..., Any]
pytestmark = pytest.mark.usefixtures("root")


def test_runs_are_numbered_and_resumed(run_command: Run, root: Path) -> None:
    for name in ("cyclegan-a-b", "cyclegan-a-b-2", "cyclegan-a-b-3"):
        result = run_command(*TRAIN)
        assert (result.code, result.err) == (0, "")
        assert small_runs.checkpoint_steps(root / "runs" / name) == [0, 2]
    lines = result.out.splitlines()
    assert lines[0].startswith("training cyclegan in runs/cyclegan-a-b-3: 4 a, 4 b, crops of ")
    assert re.fullmatch(
        r"0 s left  step 2/2  generators [\d.]+  discriminators [\d.]+  [\d.]+ images/s.*", lines[1]
    )
    assert len(lines[1]) <= 80
    again = run_command("train", "--resume", "runs/cyclegan-a-b", "--steps", "3")
    assert again.code == 0
    assert again.out.splitlines()[0] == "resuming runs/cyclegan-a-b from step 2"
    assert small_runs.checkpoint_steps(root / "runs/cyclegan-a-b") == [2, 3]
    finished = run_command("train", "--resume", "runs/cyclegan-a-b")
    assert finished.code == 0
    assert finished.out == (
        "runs/cyclegan-a-b is complete: 3 steps. --steps N with a larger N continues it.\n"
    )


@pytest.mark.parametrize(
    "domains", [["--domains", "a", "b"], ["--domains=a", "b"], ["--domains", "a", "--domains", "b"]]
)
def test_domains_may_be_repeated_or_listed_anywhere_on_the_line(
    domains: list[str], run_command: Run, root: Path
) -> None:
    result = run_command(*TRAIN[:3], *TRAIN[6:], "--out", "run", *domains)
    assert result.code == 0, result.err
    assert saved_settings(root / "run")["data"]["domains"] == ["a", "b"]


def test_every_flag_reaches_its_setting(run_command: Run, root: Path) -> None:
    result = run_command(
        *(*TRAIN, "--out", "run", "--batch-size", "2", "--seed", "5", "--precision", "bf16"),
        *("--drop-unpaired", "--set", "data.layout=paired", "--size", "16x32"),
        *("--set", "train.log_every=1", "--set", "options.lr=1e-3"),
    )
    assert result.code == 0, result.err
    config = saved_settings(root / "run")
    train, data = config["train"], config["data"]
    assert (train["batch_size"], train["seed"], train["precision"]) == (2, 5, "bf16")
    assert (data["size"], data["root"]) == ([16, 32], ".")
    assert data["layout"] == {"name": "paired", "drop_unpaired": True}
    assert (train["steps"], "epochs" in train, train["log_every"]) == (2, False, 1)
    assert config["options"]["lr"] == 1e-3
    assert json.loads((root / "run/run.json").read_bytes())["seed"] == 5


def test_a_configuration_file_is_sufficient_and_flags_override_it(
    run_command: Run, root: Path
) -> None:
    config = small_runs.config(Path(), train__steps=3)
    (root / "mine.yaml").write_text(yaml_text.dump(config))
    assert run_command("train", "--config", "mine.yaml").code == 0
    assert small_runs.checkpoint_steps(root / "runs/cyclegan-a-b") == [0, 3]
    result = run_command("train", "--config", "mine.yaml", "--epochs", "1", "--out", "other")
    assert result.code == 0
    assert saved_settings(root / "other")["train"]["epochs"] == 1
    assert small_runs.checkpoint_steps(root / "other") == [0, 4]


def test_quiet_prints_nothing(run_command: Run, run_subprocess: Run) -> None:
    result = run_command(*TRAIN, "--quiet", "--out", "run")
    assert result == (0, "", "")
    result = run_command("train", "--resume", "run", "--quiet")
    assert result == (0, "", "")
    process = run_subprocess(*TRAIN, "--quiet")  # with messages of libraries
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")


def test_a_pipe_gets_plain_lines_without_colour(run_command: Run, monkeypatch: Any) -> None:
    monkeypatch.setenv("FORCE_COLOR", "")
    monkeypatch.setenv("NO_COLOR", "1")
    result = run_command(*TRAIN, "--set", "train.log_every=1")  # standard output is no terminal
    assert (result.code, result.err) == (0, "")
    steps = [line.split("  ")[1] for line in result.out.splitlines()[1:3]]
    assert steps == ["step 1/2", "step 2/2"]
    assert "\x1b" not in result.out


def test_paths_in_messages_are_printed_unchanged(run_command: Run) -> None:
    name = "[bold]run[/bold]-" + "x" * 100
    run_command(*TRAIN, "--out", name)
    result = run_command("train", "--resume", name)
    assert result.out.startswith(f"{name} is complete: ")
    assert result.out.count("\n") == 1


def test_a_learning_rate_of_1000_is_reported_once_with_the_players(run_command: Run) -> None:
    high = ("--set", "options.lr=1000", "--set", "train.log_every=1", "--steps", "6")
    result = run_command(*TRAIN, *high, "--out", "run")
    lines = [line for line in result.out.splitlines() if "learning rate" in line]
    assert len(lines) == 1
    assert lines[0].startswith(
        "the learning rate of generators is 1000 and discriminators is 1000: training will "
    )


def test_max_time_stops_training_with_the_command_to_resume(run_command: Run) -> None:
    result = run_command(*TRAIN, "--out", "run", "--max-time", "0.001s")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[-1] == "time is up at step 1: translate train --resume run"
    assert run_command("train", "--resume", "run", "--max-time", "1d2h3m").code == 0
    assert run_command("train", "--resume", "run", "--max-time", "soon").code == 2


def test_a_dry_run_prints_a_plan_and_writes_nothing(run_command: Run, root: Path) -> None:
    before = sorted(root.rglob("*"))
    result = run_command(*TRAIN, "--dry-run")
    assert (result.code, result.err) == (0, "")
    rows = dict(re.split("  +", line, maxsplit=1) for line in result.out.splitlines())
    assert rows["recipe"] == "cyclegan on cpu, crops of 16x16, batch size 1"
    assert rows["images"] == "a 4, b 4: 4 items"
    assert rows["training"] == "to step 2, 0.5 epochs"
    assert re.fullmatch(r"[\d.]+ s, [\d.e-]+ GFLOPs, [\d.]+ images/s", rows["step"])
    assert rows["run folder"] == "runs/cyclegan-a-b, not written by this dry run"
    plan = json.loads(run_command(*TRAIN, "--dry-run", "--json").out)
    assert (plan["images"], plan["steps"]) == ({"a": 4, "b": 4}, 2)
    assert plan["path"] == "runs/cyclegan-a-b"
    assert run_command(*TRAIN, "--dry-run", "--quiet").out == ""
    assert sorted(root.rglob("*")) == before
