"""Errors of too little memory and of too small inputs, the memory limit, and freed memory."""

import os
import platform
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
import torch
from torch import nn

from translate.engine.system import memory
from translate.engine.system.memory import is_out_of_memory, memory_limit_mb, setting_to_increase


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
    assert is_out_of_memory(error) == expected


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
    assert setting_to_increase(error.value) == option


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


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc gives memory back")
def test_memory_that_a_step_frees_is_reused() -> None:
    """Each newly allocated page is a page fault; 8 tensors of 4 MB are 8,192 pages."""
    code = """
        import resource, sys, torch
        from translate.engine.system.memory import keep_freed_memory
        if sys.argv[1] == "kept":
            keep_freed_memory()
        def step():
            return sum(float(t[0]) for t in [torch.ones(1 << 20) for _ in range(8)])
        for _ in range(5):
            step()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(10):
            step()
        print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
    """
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": str(1 << 17)}  # otherwise it varies
    page_faults = {}
    for mode in ("kept", "freed"):
        command = [sys.executable, "-c", dedent(code), mode]
        page_faults[mode] = int(subprocess.check_output(command, env=environment))
    assert 20 * page_faults["kept"] < page_faults["freed"]
