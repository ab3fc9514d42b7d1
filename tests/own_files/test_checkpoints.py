"""In place of a damaged checkpoint the previous one is used, or there is an error of one line."""

import json
from pathlib import Path
from typing import Any

import pytest
import small_runs
from file_damages import Damage, every_damage, one_line_message

from translate.engine.checkpoints import retention
from translate.engine.checkpoints.references.lookup import resolve
from translate.engine.models import model as infer
from translate.errors import CheckpointError, TranslateError


@every_damage
@pytest.mark.parametrize("name", ["MANIFEST.json", "state.json", "weights.safetensors"])
def test_a_damaged_checkpoint_is_replaced_by_the_previous_one(
    name: str, damage: Damage, run: Path
) -> None:
    first, second = sorted((run / "checkpoints").iterdir())[-2:]
    damage(second / name)
    for checkpoint, messages in (retention.newest_checkpoint(run), resolve(run)):
        assert checkpoint == first
        assert [str(second / name) in message for message in messages] == [True]
        assert "\n" not in messages[0]
    with pytest.raises(CheckpointError) as caught:
        infer.load(second)
    one_line_message(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"step": -5}, {"step": 10**18}, {"step": "2"}, {"versions": None},
        {"optimizers": {"generators": {"state": {}, "param_groups": []}}}, {"processes": 0},
        {"averaged": -1}, {"optimizers": []}, {"optimizers": {"generator": None}},
        {"config": {}}, {"config": None}, {"spec": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_state_with_wrong_types_is_a_one_line_error(change: dict[str, Any], run: Path) -> None:
    path, _ = retention.newest_checkpoint(run)
    state = json.loads((path / "state.json").read_bytes())
    small_runs.replace_checkpoint_file(path, "state.json", json.dumps({**state, **change}).encode())
    for call in (lambda: small_runs.resume(run, steps=3), lambda: infer.load(path)):
        with pytest.raises(CheckpointError) as caught:
            call()
        message = one_line_message(caught.value)
        assert next(iter(change)) in message or "state.json" in message


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("spec", "domains", []), ("spec", "size", [10**9, 16]), ("spec", "text_length", 10**12),
        ("train", "batch_size", 10**18), ("data", "workers", 10**6), ("data", "size", 10**12),
        ("train", "seed", 10**30), ("train", "steps", 10**30), ("train", "keep", 10**30),
    ],
)  # fmt: skip
def test_numbers_out_of_range_are_refused_before_memory_is_allocated(
    section: str, key: str, value: Any, run: Path
) -> None:
    path, _ = retention.newest_checkpoint(run)
    state = json.loads((path / "state.json").read_bytes())
    values = state["spec"] if section == "spec" else state["config"][section]
    values[key] = value
    small_runs.replace_checkpoint_file(path, "state.json", json.dumps(state).encode())
    for call in (lambda: small_runs.resume(run, steps=3), lambda: infer.load(path)):
        with pytest.raises(TranslateError) as caught:
            call()
        one_line_message(caught.value)


@pytest.mark.parametrize("listed", [True, False])
def test_a_checkpoint_without_its_training_state_translates_and_is_not_resumed(
    listed: bool, run: Path
) -> None:
    for path in (run / "checkpoints").iterdir():
        (path / "training.safetensors").unlink()
        if not listed:
            manifest = json.loads((path / "MANIFEST.json").read_bytes())
            del manifest["files"]["training.safetensors"]
            (path / "MANIFEST.json").write_text(json.dumps(manifest))
    model, messages = infer.load(run)
    assert model.domains and not messages
    assert infer.load(path)[0].domains
    with pytest.raises(CheckpointError, match=rf"translate train --init {run}$") as caught:
        small_runs.resume(run, steps=3)
    assert "training.safetensors" in one_line_message(caught.value)


def test_a_resume_skips_a_checkpoint_without_training_state(run: Path) -> None:
    path, _ = retention.newest_checkpoint(run)
    (path / "training.safetensors").unlink()
    assert resolve(run) == (path, [])
    recorder = small_runs.ProgressRecorder()
    assert small_runs.resume(run, recorder, steps=3).step == 3
    assert f"{path / 'training.safetensors'}" in str(recorder)


def test_a_damaged_training_state_is_not_treated_as_missing(run: Path) -> None:
    path, _ = retention.newest_checkpoint(run)
    (path / "training.safetensors").write_bytes(b"")
    assert resolve(run)[0] != path
