"""The newest checkpoints and the best one stay, others are removed; damaged ones are skipped."""

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import small_checkpoints
import small_runs
from training_states import build_training_state, save, two_checkpoints

from translate.engine.checkpoints import read, retention, write
from translate.engine.checkpoints.contents import AVERAGE, MANIFEST, TRAINING, WEIGHTS
from translate.engine.checkpoints.references.lookup import resolve
from translate.engine.checkpoints.state import ModelState
from translate.engine.disk import folders
from translate.errors import CheckpointError


@pytest.fixture
def model(tmp_path: Path) -> ModelState:
    """Return a small model; its configuration keeps two checkpoints."""
    checkpoint = read.read_checkpoint(resolve(small_checkpoints.cyclegan(tmp_path / "first"))[0])
    return ModelState(checkpoint.config, checkpoint.spec, read.rebuild_recipe(checkpoint))


@pytest.mark.parametrize(
    ("values", "mode", "kept"),
    [
        ([3, 1, 2, 4, 5], "min", [2, 4, 5]),
        ([3, 1, 2, 4, 2], "max", [4, 5]),
        ([9, 1, 2, 4, 5], "max", [1, 4, 5]),
        ([1, 1, 2, 4, 5], "min", [2, 4, 5]),  # the newer one of equal values
        ([math.nan, -math.inf, 2, 4, 5], "min", [3, 4, 5]),
        ([math.nan] * 4, "min", [3, 4]),
    ],
)
def test_the_newest_two_and_the_best_are_kept(
    tmp_path: Path, model: ModelState, values: list[float], mode: Any, kept: list[int]
) -> None:
    for model.step, value in enumerate(values, start=1):
        write.save(tmp_path / "run", model, metrics={"kid": value}, best=("kid", mode))
    assert small_runs.checkpoint_steps(tmp_path / "run") == kept


def test_without_a_metric_the_newest_are_kept(tmp_path: Path, model: ModelState) -> None:
    for model.step in range(1, 5):
        write.save(tmp_path / "run", model, metrics={"kid": model.step})
    assert small_runs.checkpoint_steps(tmp_path / "run") == [3, 4]


def test_metrics_are_recorded_with_the_model(tmp_path: Path, model: ModelState) -> None:
    path = write.save(tmp_path / "run", model, metrics={"kid": 0.5, "fid": math.inf})
    state = json.loads((path / "state.json").read_text())
    assert (state["metrics"], state["best"]) == ({"kid": 0.5}, None)
    assert {file.name for file in path.iterdir()} == {WEIGHTS, "state.json", MANIFEST}


@pytest.mark.parametrize("name", ["ema.safetensors", "training-rank-1.safetensors"])
def test_a_tensor_file_that_the_manifest_does_not_list_is_refused(
    tmp_path: Path, model: ModelState, name: str
) -> None:
    path = write.save(tmp_path / "run", model)
    (path / name).write_bytes((path / "weights.safetensors").read_bytes())
    with pytest.raises(CheckpointError, match=f"{name} is not listed in MANIFEST.json.* Remove it"):
        resolve(path)


@pytest.mark.parametrize("name", [WEIGHTS, AVERAGE, TRAINING, "state.json", MANIFEST])
@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "remove"])
def test_T5_a_damaged_checkpoint_is_replaced_by_the_previous_one(
    name: str, damage: str, tmp_path: Path
) -> None:
    first, second = two_checkpoints(tmp_path)
    assert retention.newest_checkpoint(tmp_path) == (second, [])
    data = bytearray((second / name).read_bytes())
    if damage == "remove":
        (second / name).unlink()
    else:
        data[len(data) // 2] ^= 1
        stored_bytes = {"flip": len(data), "cut": len(data) - 1, "empty": 0}[damage]
        (second / name).write_bytes(data[:stored_bytes])
    checkpoint, (warning,) = retention.newest_checkpoint(tmp_path)
    assert checkpoint == first and str(second) in warning


def test_T18_other_files_in_the_folder_are_not_checkpoints(tmp_path: Path) -> None:
    _, second = two_checkpoints(tmp_path)
    folder = tmp_path / "checkpoints"
    (folder / "step-99999999").write_text("a file")
    for name in ("step-best", "step-\u00b2", "step-\u0663", "step-", "step-1e3", "step--1"):
        (folder / name).mkdir()
    (folder / "best.state").write_text("")
    (folder / ".tmp-step-00000009").mkdir()
    (folder / "step-00000007").mkdir()  # empty: incomplete
    missing = f"{folder / 'step-00000007' / 'MANIFEST.json'} is missing."
    assert retention.newest_checkpoint(tmp_path) == (second, [missing])


def test_a_run_with_damaged_checkpoints_only_is_an_error_that_names_them(
    tmp_path: Path,
) -> None:
    for path in two_checkpoints(tmp_path):
        (path / "state.json").unlink()
    message = "holds no whole checkpoint .*step-00000002.*step-00000001"
    with pytest.raises(CheckpointError, match=message):
        retention.newest_checkpoint(tmp_path)
    with pytest.raises(CheckpointError, match="there is no run"):
        retention.newest_checkpoint(tmp_path / "typo")


def test_train_keep_is_the_number_of_newest_checkpoints_and_at_least_2(tmp_path: Path) -> None:
    training = build_training_state(train__keep=3)
    for step in range(6):
        save(tmp_path, training, step)
        assert small_runs.checkpoint_steps(tmp_path) == list(range(max(0, step - 2), step + 1))
    with pytest.raises(Exception, match=r"train.keep"):
        build_training_state(train__keep=1)


def test_T22_old_checkpoints_are_removed_after_the_new_one_is_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = build_training_state()
    for step in (0, 1):
        save(tmp_path, training, step)
    calls: list[str] = []
    verify, remove = retention.verify, folders.remove_folder
    monkeypatch.setattr(
        retention, "verify", lambda p, **_: (calls.append(f"verify {p.name}"), verify(p))[1]
    )
    monkeypatch.setattr(
        folders, "remove_folder", lambda p: (calls.append(f"remove {p.name}"), remove(p))[1]
    )
    save(tmp_path, training, 2)
    assert calls[-2:] == ["verify step-00000002", "remove step-00000000"]


def test_damaged_checkpoints_of_later_steps_do_not_replace_intact_ones(tmp_path: Path) -> None:
    training = build_training_state()
    for step in (0, 1):
        save(tmp_path, training, step)
    for step in (8, 9):  # of a run that was resumed from step 1
        folder = tmp_path / f"checkpoints/step-{step:08d}"
        folder.mkdir()
        (folder / "MANIFEST.json").write_text("damaged")
    for previous, step in pairwise((1, 2, 3, 8, 9)):
        save(tmp_path, training, step)
        whole = [s for s, path in retention.list_checkpoints(tmp_path) if retention.is_whole(path)]
        assert whole == [step, previous]
    assert small_runs.checkpoint_steps(tmp_path) == [8, 9]
