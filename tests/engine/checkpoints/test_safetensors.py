"""A checkpoint has tensors without metadata, and no pickle; damaged tensor files are errors."""

import json
from pathlib import Path

from safetensors.torch import load
from training_states import build_training_state, save, train_steps


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
