"""`translate train --resume auto`, and hints for settings that are typed as options."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_runs
from train_command import TRAIN, saved_settings

from translate.cli.parameters.train import SettingCommand

Run = Callable[..., Any]
AUTOMATIC = [*TRAIN, "--out", "run", "--resume", "auto"]
pytestmark = pytest.mark.usefixtures("root")


def test_the_same_command_starts_a_run_continues_it_and_reports_that_it_is_complete(
    run_command: Run, root: Path
) -> None:
    started = run_command(*AUTOMATIC)
    assert (started.code, started.err) == (0, "")
    assert "resuming" not in started.out
    again = run_command(*AUTOMATIC)
    assert again.code == 0
    assert again.out.startswith("run is complete: 2 steps.")
    longer = run_command(*AUTOMATIC, "--steps", "3", "--set", "train.log_every=1")
    assert longer.code == 0
    assert longer.out.splitlines()[:2] == ["train.log_every: 50 -> 1", "resuming run from step 2"]
    assert small_runs.checkpoint_steps(root / "run") == [2, 3]
    assert saved_settings(root / "run")["train"]["log_every"] == 1


def test_an_automatic_resume_with_other_settings_is_refused(run_command: Run, root: Path) -> None:
    run_command(*AUTOMATIC)
    weights = small_runs.checkpoint_tensors(root / "run")
    refused = run_command(*AUTOMATIC, "--seed", "7", "--steps", "3")
    assert refused.code == 2
    assert "train.seed: 0 -> 7: this would be another run." in refused.err
    assert small_runs.checkpoint_tensors(root / "run") == weights


def test_a_batch_size_that_more_processes_had_raised_is_kept(run_command: Run, root: Path) -> None:
    run_command(*TRAIN, "--batch-size", "2", "--out", "run")
    result = run_command(*AUTOMATIC, "--batch-size", "1", "--steps", "3")
    assert result.code == 0, result.err
    assert saved_settings(root / "run")["train"]["batch_size"] == 2


def test_T19_a_command_that_torchrun_may_restart_must_resume(
    run_command: Run, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHELASTIC_MAX_RESTARTS", "3")
    refused = run_command(*TRAIN, "--out", "run")
    assert refused.code == 2
    assert "(--max-restarts 3)" in refused.err and "--out DIR --resume auto" in refused.err
    assert not (root / "run").exists()
    result = run_command(*AUTOMATIC)
    assert result.code == 0
    assert "TORCH_DISABLE" not in result.out
    monkeypatch.setenv("TORCHELASTIC_USE_AGENT_STORE", "True")  # as torchrun sets it by default
    again = run_command(*AUTOMATIC, "--steps", "3")
    assert "export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1" in again.out


@pytest.mark.parametrize(
    ("arguments", "recipe"),
    [
        (["--plugin", "cyclegan"], "cyclegan"),
        (["--config", "pix2pix-facades"], "pix2pix"),
        (["--init", "run"], "pix2pix"),
    ],
)
def test_a_setting_of_the_recipe_is_named_for_a_recipe_a_configuration_and_a_run(
    arguments: list[str], recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("run").mkdir()
    Path("run/config.yaml").write_text("recipe: pix2pix\n")
    hint = SettingCommand("train").hint("--lr", arguments)
    assert f"Did you mean the setting options.lr of recipe {recipe!r}" in hint


def test_without_a_recipe_or_a_readable_run_only_settings_of_every_run_are_named(
    tmp_path: Path,
) -> None:
    command = SettingCommand("train")
    assert command.hint("--lr", ["--resume", str(tmp_path)]) == ""
    assert "train.ema" in command.hint("--ema", [])
