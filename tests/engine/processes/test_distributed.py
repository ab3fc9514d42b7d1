"""Distributed training: a single process, and two real ones with gloo."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
import torch.distributed as dist
import two_processes
from torch import nn

from translate.engine.processes import distributed
from translate.errors import ConfigError

ENVIRONMENT = ("RANK", "WORLD_SIZE", "LOCAL_RANK")


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    return


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


# -- two processes ---------------------------------------------------------------------------------


def on_two(work: Callable[[], Any]) -> list[Any]:
    """Run `work` in two processes of one group; return the result of each."""

    def joined(rank: int) -> Any:
        with distributed.process_group(torch.device("cpu")):
            assert (distributed.rank(), distributed.world_size()) == (rank, 2)
            result = work()
            distributed.barrier()
        assert not dist.is_initialized()
        return result

    return two_processes.run(joined)


def test_gradients_are_averaged_and_a_missing_one_counts_as_zero() -> None:
    def work() -> list[Any]:
        rank = distributed.rank()
        both = nn.Parameter(torch.zeros(2, 2).to(torch.bfloat16))
        one, none = nn.Parameter(torch.zeros(3)), nn.Parameter(torch.zeros(1))
        channels_last = nn.Parameter(torch.zeros(1, 2, 2, 2).to(memory_format=torch.channels_last))
        both.grad = torch.full((2, 2), 1.0 + 2 * rank).to(torch.bfloat16)
        if rank:
            one.grad = torch.tensor([1.0, 2.0, 4.0])
        channels_last.grad = (
            torch.arange(8.0).reshape(1, 2, 2, 2).to(memory_format=torch.channels_last)
        )
        loss = distributed.average_gradients(
            [both, one, none, channels_last], torch.tensor(4.0 * rank)
        )
        assert loss == 2.0
        assert both.grad.dtype == torch.bfloat16
        assert channels_last.grad.is_contiguous(memory_format=torch.channels_last)
        return [p.grad.tolist() for p in (both, one, none, channels_last)]  # type: ignore[union-attr]

    first, second = on_two(work)
    assert first == second
    assert first[:3] == [[[2.0, 2.0], [2.0, 2.0]], [0.5, 1.0, 2.0], [0.0]]
    assert first[3] == torch.arange(8.0).reshape(1, 2, 2, 2).tolist()


def test_every_process_gets_the_first_ones_number() -> None:
    def work() -> list[float]:
        values = (0.1, float("nan")) if distributed.is_first() else (2.0, 3.0)
        return [distributed.broadcast(value) for value in values]

    for exact, missing in on_two(work):
        assert exact == 0.1
        assert missing != missing, "NaN"


def test_all_processes_get_weights_and_buffers_of_the_first() -> None:
    def work() -> list[Any]:
        torch.manual_seed(distributed.rank())
        network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2))
        network.to(memory_format=torch.channels_last)
        network[1].running_mean += distributed.rank()
        distributed.broadcast_(network)
        return [tensor.tolist() for tensor in network.state_dict().values()]

    first, second = on_two(work)
    assert first == second


def test_the_first_process_gathers_and_all_get_the_maximum() -> None:
    def work() -> list[Any]:
        rank = distributed.rank()
        return [
            distributed.gather_bytes(bytes([rank])), distributed.all_reduce_max(15 * rank),
            distributed.world_size(),
            distributed.is_first(),
        ]  # fmt: skip

    assert on_two(work) == [
        [[b"\0", b"\1"], 15, 2, True],
        [[], 15, 2, False],
    ]
