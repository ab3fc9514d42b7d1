"""Distributed training: a single process, and two real ones with gloo."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.distributed as dist
import two_processes
from torch import nn

from translate.engine.processes import distributed
from translate.errors import ConfigError


def test_a_single_process_is_the_first_and_communicates_with_no_other() -> None:
    with distributed.process_group(torch.device("cpu")):
        assert (distributed.rank(), distributed.world_size()) == (0, 1)
        assert distributed.is_first()
        assert distributed.gather_bytes(b"x") == [b"x"]
        assert distributed.all_reduce_max(3) == 3
        assert distributed.broadcast(0.1) == 0.1
        distributed.barrier()
        weight = nn.Parameter(torch.ones(2))
        loss = torch.tensor(3.0)
        assert distributed.average_gradients([weight], loss) is loss
        assert weight.grad is None
    assert not dist.is_initialized()


@pytest.mark.parametrize("name", ["cpu", "auto"])
def test_a_device_is_chosen_by_name(name: str) -> None:
    expected = "cuda" if name == "auto" and torch.cuda.is_available() else "cpu"
    assert distributed.choose_device(name).type == expected


def test_a_missing_gpu_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for name in ("cuda", "cuda:1"):
        with pytest.raises(ConfigError, match=rf"device {name}: PyTorch finds no GPU here"):
            distributed.choose_device(name)


def run_in_group_of_two(work: Callable[[], Any]) -> list[Any]:
    """Run `work` in two processes of one group; return the result of each."""

    def work_in_group(rank: int) -> Any:
        with distributed.process_group(torch.device("cpu")):
            assert (distributed.rank(), distributed.world_size()) == (rank, 2)
            result = work()
            distributed.barrier()
        assert not dist.is_initialized()
        return result

    return two_processes.run(work_in_group)


def test_gradients_are_averaged_and_a_missing_one_counts_as_zero() -> None:
    values = torch.arange(8.0).reshape(1, 2, 2, 2)

    def work() -> list[Any]:
        rank, memory_format = distributed.rank(), torch.channels_last
        on_both = nn.Parameter(torch.zeros(2, 2).to(torch.bfloat16))
        on_one, on_none = nn.Parameter(torch.zeros(3)), nn.Parameter(torch.zeros(1))
        channels_last = nn.Parameter(torch.zeros_like(values).to(memory_format=memory_format))
        on_both.grad = torch.full((2, 2), 1.0 + 2 * rank).to(torch.bfloat16)
        if rank:
            on_one.grad = torch.tensor([1.0, 2.0, 4.0])
        channels_last.grad = values.to(memory_format=memory_format)
        parameters = [on_both, on_one, on_none, channels_last]
        assert distributed.average_gradients(parameters, torch.tensor(4.0 * rank)) == 2.0
        assert on_both.grad.dtype == torch.bfloat16
        assert channels_last.grad.is_contiguous(memory_format=memory_format)
        return [p.grad.tolist() for p in parameters]  # type: ignore[union-attr]

    first, second = run_in_group_of_two(work)
    assert first == second
    assert first == [[[2.0, 2.0], [2.0, 2.0]], [0.5, 1.0, 2.0], [0.0], values.tolist()]


def test_every_process_gets_the_number_of_the_first_process() -> None:
    def work() -> list[float]:
        values = (0.1, float("nan")) if distributed.is_first() else (2.0, 3.0)
        return [distributed.broadcast(value) for value in values]

    for number, nan in run_in_group_of_two(work):
        assert number == 0.1
        assert math.isnan(nan)


def test_all_processes_get_weights_and_buffers_of_the_first() -> None:
    def work() -> list[Any]:
        torch.manual_seed(distributed.rank())
        network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2))
        network.to(memory_format=torch.channels_last)
        network[1].running_mean += distributed.rank()
        distributed.broadcast_(network)
        return [tensor.tolist() for tensor in network.state_dict().values()]

    first, second = run_in_group_of_two(work)
    assert first == second


def test_the_first_process_gathers_and_all_get_the_maximum() -> None:
    def work() -> list[Any]:
        rank = distributed.rank()
        gathered = distributed.gather_bytes(bytes([rank]))
        return [gathered, distributed.all_reduce_max(15 * rank), distributed.is_first()]

    assert run_in_group_of_two(work) == [[[b"\0", b"\1"], 15, True], [[], 15, False]]
