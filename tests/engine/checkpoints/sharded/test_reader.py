"""A sharded checkpoint is read on any number of processes, and an error names a damaged file."""

import json
from shutil import copytree
from typing import Any

import pytest
import torch
import two_processes
from equal_tensors import assert_equal_tensors
from sharded_states import CPU, SavedRun, build_sharded, whole_state
from small_runs import replace_checkpoint_file

from translate.engine.checkpoints import read, retention
from translate.engine.checkpoints.sharded.index import SHARDS
from translate.engine.checkpoints.sharded.reader import load_shards
from translate.engine.processes import distributed
from translate.errors import CheckpointError


@pytest.mark.parametrize(
    ("shard", "world"),
    [
        ("none", 1),
        pytest.param("fsdp", 2, marks=pytest.mark.slow),
        pytest.param("fsdp", 3, marks=pytest.mark.slow),
        pytest.param("none", 2, marks=pytest.mark.slow),
    ],
)
def test_a_checkpoint_of_two_processes_is_restored_on_any_number(
    shard: str, world: int, saved: SavedRun
) -> None:

    def work(_: int) -> tuple[list[str], int, dict[str, Any]]:
        with distributed.process_group(CPU):
            training = build_sharded(shard)
            messages = read.restore(training, read.read_checkpoint(saved.path))
            state = whole_state(training)
            return messages, training.step, {name: value.tolist() for name, value in state.items()}

    for messages, step, state in two_processes.run(work, world=world):
        assert (messages, step) == ([], 1)
        assert any(name.startswith("optimizer/") for name in state)
        tensors = {name: torch.tensor(value) for name, value in state.items()}
        assert_equal_tensors(tensors, saved.expected)


def test_a_missing_or_truncated_part_is_named_and_the_previous_checkpoint_is_used(
    saved: SavedRun,
) -> None:
    older = saved.path.with_name("step-00000000")
    copytree(saved.path, older)
    part = saved.path / "training-rank-1.safetensors"
    data = part.read_bytes()
    for content, reason in ((data[:-1], "is damaged"), (None, "No such file or directory")):
        part.unlink()
        if content is not None:
            part.write_bytes(content)
        newest, [message] = retention.newest_checkpoint(saved.run)
        assert newest == older
        assert "\n" not in message and f"{part}" in message and reason in message
        with pytest.raises(CheckpointError, match=r"training-rank-1.safetensors"):
            read.restore(build_sharded("none"), read.read_checkpoint(saved.path))
        part.write_bytes(data)
    part.unlink()
    retention.verify(saved.path, training=False)  # inference needs no parts


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"file": "../training.safetensors"}, "training-shards.json is not understood"),
        ({"file": "training-rank-7.safetensors"}, "training-rank-7.safetensors"),
        ({"shape": [1, 1, 1, 1]}, "has no part"),
    ],
)
def test_an_index_with_a_wrong_file_or_shape_is_refused(
    change: dict[str, Any], message: str, saved: SavedRun
) -> None:
    index = json.loads((saved.path / SHARDS).read_bytes())
    name = next(name for name, tensor in index["tensors"].items() if len(tensor["shape"]) == 4)
    index["tensors"][name]["parts"][0] |= change
    replace_checkpoint_file(saved.path, SHARDS, json.dumps(index).encode())
    with pytest.raises(CheckpointError, match=message):
        read.restore(build_sharded("none"), read.read_checkpoint(saved.path))


def test_tensors_are_allocated_by_name_shape_and_type(saved: SavedRun) -> None:
    tensors = {}

    def allocate(name: str, shape: torch.Size, dtype: torch.dtype) -> torch.Tensor:
        tensors[name] = torch.empty(shape, dtype=dtype)
        return tensors[name]

    assert load_shards(saved.path, allocate) == tensors
    expected = {name: saved.expected[name].to(tensor.dtype) for name, tensor in tensors.items()}
    assert_equal_tensors(tensors, expected)
