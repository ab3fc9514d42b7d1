"""Errors and messages when a run is resumed."""

import json
from pathlib import Path
from typing import Any

import pytest
import small_runs
import torch
from training_states import change_json

from translate.engine.checkpoints import retention
from translate.errors import CheckpointError, ConfigError


def test_resuming_a_finished_run_reports_it_and_changes_nothing(root: Path) -> None:
    run = root / "run"
    small_runs.train(small_runs.config(root), run)
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    recorder = small_runs.ProgressRecorder()
    result = small_runs.resume(run, recorder)
    assert (result.step, result.signal, result.listed) == (4, 0, 0)
    message = f"{run} is complete: 4 steps. --steps N with a larger N continues it."
    assert recorder.lines == [message]
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before
    assert small_runs.resume(run, steps=3).step == 4, "no step is undone"


def test_a_damaged_checkpoint_is_reported_and_the_previous_one_resumes_to_the_same_bytes(
    root: Path,
) -> None:
    small_runs.train(small_runs.config(root, train__steps=6), root / "straight")
    small_runs.train(small_runs.config(root, train__steps=4, train__save_every=2), root / "run")
    weights = root / "run/checkpoints/step-00000004/weights.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    recorder = small_runs.ProgressRecorder()
    small_runs.resume(root / "run", recorder, steps=6)
    message = f"{weights} is damaged: it is not what was saved. Resuming from step-00000002."
    assert message in recorder.lines
    assert small_runs.equal_checkpoints(root / "run", root / "straight")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": -5}, "train.steps: expected greater than 0, got -5."),
        ({"steps": 0}, "train.steps: expected greater than 0, got 0."),
        ({"device": "gpu"}, "train.device: expected auto, cpu, cuda or cuda:N, got 'gpu'."),
    ],
)
def test_changed_settings_are_validated_as_at_the_start(
    changes: dict[str, Any], message: str, root: Path
) -> None:
    small_runs.train(small_runs.config(root), root / "run")
    with pytest.raises(ConfigError) as error:
        small_runs.resume(root / "run", **changes)
    assert str(error.value) == message


def test_T13_another_machine_resumes_with_a_warning_that_it_is_not_bit_for_bit(root: Path) -> None:
    small_runs.train(small_runs.config(root), root / "run")
    recorder = small_runs.ProgressRecorder()
    small_runs.resume(root / "run", recorder, steps=5)
    assert not [line for line in recorder.lines if "bit for bit" in line]
    change_json(root / "run/run.json", lambda record: record.update(device="cuda:0"))
    checkpoint, _ = retention.newest_checkpoint(root / "run")
    state = json.loads((checkpoint / "state.json").read_bytes())
    state["versions"]["torch"], state["processes"], state["threads"] = "2.0.0", 4, 64
    small_runs.replace_checkpoint_file(checkpoint, "state.json", json.dumps(state).encode())
    recorder = small_runs.ProgressRecorder()
    assert small_runs.resume(root / "run", recorder, steps=6).step == 6
    end = ": training continues, but not bit for bit."
    assert [line.removesuffix(end) for line in recorder.lines if line.endswith(end)] == [
        "1 processes instead of 4",
        "1 threads instead of 64",
        "device cpu instead of cuda:0",
        f"PyTorch {torch.__version__} instead of 2.0.0",
    ]


def test_T17_a_missing_run_is_an_error_and_never_a_new_run(root: Path) -> None:
    with pytest.raises(CheckpointError, match=r"there is no run"):
        small_runs.resume(root / "typo")
    with pytest.raises(CheckpointError, match=r"holds no whole checkpoint"):
        small_runs.resume(root)
    assert not (root / "typo").exists()
    small_runs.train(small_runs.config(root), root / "run")
    message = f"is a checkpoint, expected its run: --resume {root / 'run'}"
    with pytest.raises(ConfigError, match=message):
        small_runs.resume(root / "run/checkpoints/step-00000004")
