"""The manifest and the state of a checkpoint: what they say, and how damage is reported."""

import json
from pathlib import Path

import pytest
import small_runs
import torch
from training_states import build_training_state, save, two_checkpoints

from translate.engine.checkpoints import read, retention
from translate.errors import CheckpointError


def test_a_checkpoint_describes_itself(tmp_path: Path) -> None:
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
    for key, tensor in training.recipe.state_dict().items():
        assert torch.equal(recipe.state_dict()[key], tensor)


def test_a_flipped_byte_anywhere_in_the_manifest_is_detected(tmp_path: Path) -> None:
    _, second = two_checkpoints(tmp_path)
    manifest = second / "MANIFEST.json"
    content = manifest.read_bytes()
    unnoticed = []
    for position in range(0, len(content), 7):
        data = bytearray(content)
        data[position] ^= 1
        manifest.write_bytes(data)
        if retention.newest_checkpoint(tmp_path)[0] == second:
            unnoticed.append(chr(content[position]))
    assert set(unnoticed) <= {" ", "\n"}  # white space


def test_a_manifest_may_not_name_a_file_elsewhere(tmp_path: Path) -> None:
    _, path = two_checkpoints(tmp_path)
    manifest = json.loads((path / "MANIFEST.json").read_bytes())
    manifest["files"]["../../secret"] = {"sha256": "", "size": 0}
    (path / "MANIFEST.json").write_text(json.dumps(manifest))
    with pytest.raises(CheckpointError, match=r"names a file elsewhere"):
        retention.verify(path)


def test_F9_a_checkpoint_of_another_format_is_refused(tmp_path: Path) -> None:
    _, path = two_checkpoints(tmp_path)
    manifest = json.loads((path / "MANIFEST.json").read_bytes())
    (path / "MANIFEST.json").write_text(json.dumps({**manifest, "format": 2}))
    with pytest.raises(CheckpointError, match=r"has format 2, and this version reads 1"):
        retention.verify(path)


def test_a_malformed_manifest_is_a_checkpoint_error(tmp_path: Path) -> None:
    _, path = two_checkpoints(tmp_path)
    for content in ({"files": 3}, {"files": {}}, {"files": {"weights.safetensors": 3}}, [], 7):
        text = json.dumps({"format": 1, **content} if isinstance(content, dict) else content)
        (path / "MANIFEST.json").write_text(text)
        with pytest.raises(CheckpointError):
            retention.verify(path)
