"""Tensors with a shard in each of two processes."""

from typing import Any

import torch
import two_processes

from translate.engine.processes import distributed
from translate.engine.processes.sharded_tensors import (
    full_tensor,
    is_sharded,
    local_shard,
    shard_like,
)


def test_a_tensor_that_is_not_sharded_is_returned_unchanged() -> None:
    whole = torch.arange(6.0)
    assert not is_sharded(whole)
    assert local_shard(whole) is full_tensor(whole) is shard_like(whole, torch.zeros(6)) is whole


def test_a_tensor_is_sharded_like_another_one_and_gathered_again() -> None:
    def work(_: int) -> Any:
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.tensor import Shard, distribute_tensor

        with distributed.process_group(torch.device("cpu")):
            mesh = init_device_mesh("cpu", (2,))
            reference = distribute_tensor(torch.zeros(3, 2), mesh, [Shard(0)])
            sharded = shard_like(torch.arange(6.0).view(3, 2), reference)
            step = shard_like(torch.tensor(5.0), reference)
            assert is_sharded(sharded) and not is_sharded(step)
            assert shard_like(sharded, reference) is sharded
            return local_shard(sharded).tolist(), full_tensor(sharded).tolist()

    whole = [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
    assert two_processes.run(work) == [(whole[:2], whole), (whole[2:], whole)]
