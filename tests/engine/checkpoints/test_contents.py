"""The manifest and ``state.json`` of a checkpoint: their content, and errors if damaged."""

import json
from pathlib import Path

import pytest
import small_runs
from equal_tensors import assert_equal_tensors
from training_states import build_training_state, change_json, save, two_checkpoints

from translate.engine.checkpoints import read, retention
from translate.errors import CheckpointError


def test_a_recipe_is_rebuilt_from_its_checkpoint_alone(tmp_path: Path) -> None:
    training = build_training_state("pix2pix", data__channels=3)
    path = save(tmp_path, training)
    state = json.loads((path / "state.json").read_bytes())
    assert state["config"]["recipe"] == "pix2pix"
    assert state["config"]["options"]["generator"] == small_runs.UNET
    assert [domain["name"] for domain in state["spec"]["domains"]] == ["a", "b"]
    assert state["images"]["range"] == [-1, 1]
    assert set(state["versions"]) == {"translate-kit", "torch"}
    recipe = read.rebuild_recipe(read.read_checkpoint(path))
    read.restore_weights(recipe, path)
    assert_equal_tensors(recipe.state_dict(), training.recipe.state_dict())


def test_a_flipped_bit_in_the_manifest_is_detected_except_in_white_space(tmp_path: Path) -> None:
    _, second = two_checkpoints(tmp_path)
    manifest = second / "MANIFEST.json"
    content = manifest.read_bytes()
    undetected = set()
    for position in range(0, len(content), 7):  # each seventh byte
        data = bytearray(content)
        data[position] ^= 1
        manifest.write_bytes(data)
        if retention.newest_checkpoint(tmp_path)[0] == second:
            undetected.add(chr(content[position]))
    assert undetected <= {" ", "\n"}


def test_a_manifest_may_not_name_a_file_elsewhere(tmp_path: Path) -> None:
    path = save(tmp_path, build_training_state())
    secret = {"../../secret": {"sha256": "", "size": 0}}
    change_json(path / "MANIFEST.json", lambda manifest: manifest["files"].update(secret))
    with pytest.raises(CheckpointError, match="names a file elsewhere"):
        retention.verify(path)


def test_F9_a_checkpoint_of_another_format_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path, build_training_state())
    change_json(path / "MANIFEST.json", lambda manifest: manifest.update(format=2))
    with pytest.raises(CheckpointError, match="has format 2, and this version reads 1"):
        retention.verify(path)


def test_a_malformed_manifest_is_a_checkpoint_error(tmp_path: Path) -> None:
    path = save(tmp_path, build_training_state())
    for content in ({"files": 3}, {"files": {}}, {"files": {"weights.safetensors": 3}}, [], 7):
        text = json.dumps({"format": 1, **content} if isinstance(content, dict) else content)
        (path / "MANIFEST.json").write_text(text)
        with pytest.raises(CheckpointError):
            retention.verify(path)
