"""The newest checkpoints stay, and the best; others are removed."""

import json
import math
from pathlib import Path

import pytest
import small_checkpoints
import small_runs

from translate.engine.checkpoints import read, retention, write
from translate.engine.checkpoints.references import resolve
from translate.engine.checkpoints.state import ModelState
from translate.errors import CheckpointError


@pytest.fixture
def model(tmp_path: Path) -> ModelState:
    """Return a small model; its configuration keeps two checkpoints."""
    found = read.read_checkpoint(resolve(small_checkpoints.cyclegan(tmp_path / "first"))[0])
    return ModelState(found.config, found.spec, read.rebuild_recipe(found))


def steps_left(run: Path, model: ModelState, values: list[float], mode: str) -> list[int]:
    for step, value in enumerate(values, start=1):
        model.step = step
        write.save(run, model, metrics={"kid": value}, best=("kid", mode))  # type: ignore[arg-type]
    return small_runs.checkpoint_steps(run)


@pytest.mark.parametrize(
    ("values", "mode", "left"),
    [
        ([3, 1, 2, 4, 5], "min", [2, 4, 5]),
        ([3, 1, 2, 4, 2], "max", [4, 5]),
        ([9, 1, 2, 4, 5], "max", [1, 4, 5]),
        ([1, 1, 2, 4, 5], "min", [2, 4, 5]),  # of equals, the newer
        ([math.nan, -math.inf, 2, 4, 5], "min", [3, 4, 5]),
        ([math.nan] * 4, "min", [3, 4]),
    ],
)
def test_the_newest_and_the_best_stay(
    tmp_path: Path, model: ModelState, values: list[float], mode: str, left: list[int]
) -> None:
    assert steps_left(tmp_path / "run", model, values, mode) == left


def test_without_a_metric_the_newest_stay(tmp_path: Path, model: ModelState) -> None:
    for model.step in range(1, 5):
        write.save(tmp_path / "run", model, metrics={"kid": model.step})
    assert small_runs.checkpoint_steps(tmp_path / "run") == [3, 4]


def test_metrics_are_recorded_with_the_model(tmp_path: Path, model: ModelState) -> None:
    path = write.save(tmp_path / "run", model, metrics={"kid": 0.5, "fid": math.inf})
    state = json.loads((path / "state.json").read_text())
    assert (state["metrics"], state["best"]) == ({"kid": 0.5}, None)


def test_a_model_without_a_resume_state_is_used_and_not_resumed(
    tmp_path: Path, model: ModelState
) -> None:
    model.step = 5
    path = write.save(tmp_path / "run", model)
    assert {file.name for file in path.iterdir()} == {
        "weights.safetensors", "state.json", "MANIFEST.json",
    }  # fmt: skip
    assert resolve(tmp_path / "run") == (path, [])
    with pytest.raises(CheckpointError, match=r"not what a resume needs.*translate train --init"):
        retention.newest_checkpoint(tmp_path / "run")


@pytest.mark.parametrize("name", ["ema.safetensors", "training-rank-1.safetensors"])
def test_a_tensor_file_that_the_manifest_does_not_list_is_refused(
    tmp_path: Path, model: ModelState, name: str
) -> None:
    path = write.save(tmp_path / "run", model)
    (path / name).write_bytes((path / "weights.safetensors").read_bytes())
    with pytest.raises(CheckpointError, match=f"{name} is not listed in MANIFEST.json.* Remove it"):
        resolve(path)
