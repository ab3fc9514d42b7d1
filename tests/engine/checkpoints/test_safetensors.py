"""A checkpoint has tensors without metadata, and no pickle; damaged tensor files are errors."""

import json
from pathlib import Path

import pytest
from safetensors.torch import load
from training_states import build_training_state, save, train_steps

from translate.engine.checkpoints import read
from translate.errors import CheckpointError


def test_a_tensor_file_holds_tensors_and_no_metadata(tmp_path: Path) -> None:
    training = build_training_state()
    train_steps(training, 1)
    path = save(tmp_path, training)
    for file in path.glob("*.safetensors"):
        data = file.read_bytes()
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        assert "__metadata__" not in header
    weights = load((path / "weights.safetensors").read_bytes())
    assert weights.keys() == training.recipe.state_dict().keys()


def test_a_checkpoint_has_tensor_files_and_json_and_no_pickle(tmp_path: Path) -> None:
    path = save(tmp_path, build_training_state())
    assert {file.suffix for file in path.iterdir()} == {".safetensors", ".json"}
    for file in path.glob("*.json"):
        json.loads(file.read_bytes())


def test_a_malformed_tensor_file_is_a_checkpoint_error(tmp_path: Path) -> None:
    path = save(tmp_path, build_training_state())
    for content in (b"", b"\x80\x04pickle", b"\xff" * 64, (2**62).to_bytes(8, "little") + b"{}"):
        (path / "weights.safetensors").write_bytes(content)
        with pytest.raises(CheckpointError, match=r"weights.safetensors"):
            read.restore_weights(build_training_state().recipe, path)
