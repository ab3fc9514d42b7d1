"""The index of sharded tensors, and the files that it may name."""

import pytest
from pydantic import ValidationError

from translate.engine.checkpoints.contents import TRAINING
from translate.engine.checkpoints.sharded.index import TensorPart, training_file


def test_each_process_has_a_file_and_the_index_names_no_other_files() -> None:
    assert training_file(0) == TRAINING
    assert training_file(12) == "training-rank-12.safetensors"
    for rank in (0, 12):
        assert TensorPart(file=training_file(rank), offsets=[0], shape=[1]).file == training_file(
            rank
        )
    for name in ("weights.safetensors", "../training.safetensors", "training.safetensors/x", ""):
        with pytest.raises(ValidationError):
            TensorPart(file=name, offsets=[0], shape=[1])
    with pytest.raises(ValidationError):
        TensorPart(file=TRAINING, offsets=[-1], shape=[1])
