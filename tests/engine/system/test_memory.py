"""Errors of too little memory and of too small inputs are recognised."""

from pathlib import Path

import pytest
import torch
from torch import nn

from translate.engine.system import memory
from translate.engine.system.memory import memory_limit_mb, out_of_memory, too_small


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9"), True),
        (RuntimeError("shapes do not match"), False),
    ],
)
def test_out_of_memory_errors_are_recognised(error: Exception, expected: bool) -> None:
    assert out_of_memory(error) == expected


@pytest.mark.parametrize(
    ("layer", "shape", "option"),
    [
        (nn.BatchNorm2d(2), (1, 2, 1, 1), "batch_size"),
        (nn.InstanceNorm2d(2), (1, 2, 1, 1), "size"),
        (nn.ReflectionPad2d(3), (1, 2, 2, 2), "size"),
        (nn.Conv2d(2, 2, 4), (1, 2, 3, 3), "size"),
        (nn.Conv2d(3, 2, 1), (1, 2, 3, 3), ""),
    ],
)
def test_errors_of_layers_name_the_option_to_raise(
    layer: nn.Module, shape: tuple[int, ...], option: str
) -> None:
    with pytest.raises((RuntimeError, ValueError)) as error:
        layer(torch.zeros(shape))
    assert too_small(error.value) == option


def test_the_memory_limit_is_that_of_the_machine_or_of_its_control_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = memory_limit_mb(torch.device("cpu"))
    assert whole > 100
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(memory, "CONTROL_GROUPS", (limit, tmp_path / "missing"))
    limit.write_text("99614720\n")
    assert memory_limit_mb(torch.device("cpu")) == 95
    limit.write_text("max\n")
    assert memory_limit_mb(torch.device("cpu")) >= whole
