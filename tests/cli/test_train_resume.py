"""`translate train --resume` and `--fork-run` with other settings."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_runs
from run_files import log_lines, run_record
from train_command import TRAIN, saved_settings

Run = Callable[..., Any]
pytestmark = pytest.mark.usefixtures("root")


def test_T14_a_resume_reports_changed_settings_and_refuses_those_of_another_run(
    run_command: Run, root: Path
) -> None:
    run_command(*TRAIN, "--out", "run")
    weights = small_runs.checkpoint_tensors(root / "run")
    result = run_command(
        *("train", "--resume", "run", "--steps", "3", "--set", "train.log_every=1"),
        *("--set", "data.workers=0"),
    )
    assert (result.code, result.err) == (0, "")
    assert "train.log_every: 50 -> 1\n" in result.out
    assert "data.workers" not in result.out  # unchanged
    assert saved_settings(root / "run")["train"]["log_every"] == 1

    weights = small_runs.checkpoint_tensors(root / "run")
    for arguments, message in (
        (["--set", "options.cycle_weight=5"], "options.cycle_weight: 10.0 -> 5.0: "),
        (["--seed", "7", "--batch-size", "2"], "train.batch_size: 1 -> 2; train.seed: 0 -> 7: "),
        (["--set", "options.generator.blocks=2"], "options.generator.blocks: 1 -> 2: "),
        (["--domains", "b", "a"], "data.domains: ['a', 'b'] -> ['b', 'a']: "),
    ):
        refused = run_command("train", "--resume", "run", "--steps", "9", *arguments)
        assert refused.code == 2
        assert f"{message}this would be another run." in " ".join(refused.err.split())
        assert "--fork-run" in refused.err
    assert run_command("train", "--resume", "run", "--set", "train.sed=1").code == 2
    assert small_runs.checkpoint_tensors(root / "run") == weights


def test_a_setting_that_changes_only_rounding_is_reported(run_command: Run) -> None:
    run_command(*TRAIN, "--out", "run")
    result = run_command(
        "train", "--resume", "run", "--steps", "3", "--deterministic", "--device", "cpu"
    )
    assert result.code == 0
    assert (
        "train.deterministic: False -> True: training continues, but not bit for bit" in result.out
    )


def test_a_fork_continues_from_the_same_weights_in_a_new_folder(
    run_command: Run, root: Path
) -> None:
    run_command(*TRAIN, "--out", "run")
    files = [path for path in (root / "run").rglob("*") if path.is_file()]
    before = [path.read_bytes() for path in files]
    fork = ("train", "--resume", "run", "--fork-run", "--steps", "4")
    result = run_command(*fork, "--set", "options.cycle_weight=5", "--batch-size", "2")
    assert (result.code, result.err) == (0, "")
    assert "options.cycle_weight: 10.0 -> 5.0: from here on, as this is a fork" in result.out
    assert "resuming run from step 2 in run-fork" in result.out
    assert small_runs.checkpoint_steps(root / "run-fork")[-1] == 4
    assert saved_settings(root / "run-fork")["options"]["cycle_weight"] == 5.0
    assert [path.read_bytes() for path in files] == before
    assert run_command(*fork, "--quiet").code == 0
    assert small_runs.checkpoint_steps(root / "run-fork-2")[-1] == 4
    assert run_command(*fork, "--out", "mine", "--quiet").code == 0
    assert run_command(*fork, "--out", "mine").code == 2
    assert small_runs.checkpoint_steps(root / "mine")[0] == 2  # the start of the fork
    refused = run_command(*fork, "--set", "options.generator.width=5")
    assert refused.code == 2
    assert "does not fit CycleGAN: " in refused.err


def test_T26_a_fork_trains_at_the_learning_rate_that_it_reports(
    run_command: Run, root: Path
) -> None:
    run_command(*TRAIN, "--out", "run")
    fork = ("train", "--resume", "run", "--fork-run", "--out", "fork", "--steps", "4")
    result = run_command(*fork, "--set", "options.lr=1e-6", "--set", "train.schedule=constant",
                "--set", "train.log_every=1")  # fmt: skip
    assert "options.lr: 0.0002 -> 1e-06: from here on, as this is a fork\n" in result.out
    assert "the learning rate falls from 1e-04 to 1e-06\n" in result.out
    rates = [line["lr"] for line in log_lines(root / "fork")]
    assert rates == [{"generators": 1e-6, "discriminators": 1e-6}] * 2
    assert saved_settings(root / "fork")["options"]["lr"] == 1e-6


def test_more_steps_that_raise_the_learning_rate_are_reported_with_the_setting_to_keep_it(
    run_command: Run, root: Path
) -> None:
    run_command(*TRAIN, "--out", "run")
    shutil.copytree(root / "run", root / "kept")
    more = ("--steps", "4", "--set", "train.log_every=1")
    result = run_command("train", "--resume", "run", *more)
    assert (
        "the learning rate goes back from 1e-04 to 1.3e-04: the schedule now ends at step 4; "
        "--set train.schedule_steps=2 keeps the schedule of 2 steps\n"
    ) in result.out
    constant = run_command("train", "--resume", "kept", *more, "--set", "train.schedule_steps=2")
    assert (constant.code, "learning rate" in constant.out) == (0, False)
    assert [line["lr"]["generators"] for line in log_lines(root / "kept")][-2:] == [1e-4, 1e-4]


def test_a_fork_of_a_finished_run_is_refused_with_the_command_to_type(
    run_command: Run, root: Path
) -> None:
    run_command(*TRAIN, "--out", "run")
    result = run_command("train", "--resume", "run", "--fork-run", "--set", "options.lr=1e-6")
    assert (result.code, result.out) == (2, "")
    assert "this fork would take none" in result.err
    command = result.err.partition("train as long again: ")[2].split()
    assert command == ["translate", "train", "--resume", "run", "--fork-run", "--steps", "4"]
    assert not (root / "run-fork").exists()
    assert run_command(*command[1:], "--quiet").code == 0
    assert small_runs.checkpoint_steps(root / "run-fork") == [2, 4]


def test_settings_of_a_finished_run_are_reported_as_unchanged(run_command: Run, root: Path) -> None:
    run_command(*TRAIN, "--out", "run")
    result = run_command("train", "--resume", "run", "--set", "train.log_every=1")
    assert result.out.splitlines()[-1] == "nothing was changed: train.log_every"
    assert saved_settings(root / "run")["train"]["log_every"] == 50


def test_config_yaml_edited_after_a_kill_is_used_or_refused(run_command: Run, root: Path) -> None:
    run_command(*TRAIN, "--out", "run")
    file = root / "run/config.yaml"
    file.write_text(file.read_text().replace("  steps: 2\n", "  steps: 3\n"))
    assert run_command("train", "--resume", "run").code == 0
    assert small_runs.checkpoint_steps(root / "run")[-1] == 3
    file.write_text(file.read_text().replace("  lr: 0.0002\n", "  lr: 0.1\n"))
    result = run_command("train", "--resume", "run", "--steps", "4")
    assert result.code == 2
    assert "config.yaml was edited: options.lr: 0.0002 -> 0.1: this would be" in result.err
    file.write_text("")
    result = run_command("train", "--resume", "run", "--steps", "4")
    assert result.code == 0 and "The settings in the newest checkpoint are used." in result.out
    assert saved_settings(root / "run")["train"]["steps"] == 4


def test_a_fork_continues_with_other_images(
    run_command: Run, image_folder: Callable[..., Path], root: Path
) -> None:
    run_command(*TRAIN, "--out", "run")
    image_folder("new/a", 3), image_folder("new/b", 5)
    fork = ("train", "--resume", "run", "--data", "new", "--fork-run", "--steps", "4")
    result = run_command(*fork, "--out", "fork")
    assert (result.code, result.err) == (0, "")
    record = run_record(root / "fork")
    assert (record["data"]["files"], record["fork"]) == (8, {"run": "run", "step": 2})
    assert saved_settings(root / "fork")["data"]["root"] == "new"
