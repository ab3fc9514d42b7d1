"""The memory of the process and its limits, and errors of too little memory or too small inputs."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from translate.errors import message_of

if TYPE_CHECKING:
    import torch

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""glibc's parameters of `mallopt`"""
CONTROL_GROUPS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""files with the memory limit of a container, by version of control groups"""


@contextmanager
def without_collection() -> Iterator[None]:
    """Pause Python's garbage collection, which would search all modules again at each import."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def keep_freed_memory() -> None:
    """Set glibc's malloc to keep large freed blocks instead of returning them to the system.

    By default each step allocates the pages of gradients and activations again, which costs up to
    a quarter of the step time of a large network on small images.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt:
        mallopt(M_MMAP_THRESHOLD, 32 << 20)  # the largest accepted value
        mallopt(M_TRIM_THRESHOLD, 1 << 30)


def memory_limit_mb(device: torch.device) -> int:
    """Return the memory in MiB that a GPU has, or that the process may use; 0 if it is not known.

    The process may use the memory of the machine, up to the limit of its control group.
    """
    if device.type == "cuda":
        import torch

        return torch.cuda.get_device_properties(device).total_memory >> 20
    return _memory_limit() >> 20


def _memory_limit() -> int:
    """Return the number of bytes that the process may use; 0 if it is not known."""
    limits = []
    with suppress(AttributeError, ValueError, OSError):  # Windows has no sysconf
        limits.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for path in CONTROL_GROUPS:
        with suppress(OSError, ValueError):  # another version of control groups, or "max"
            limits.append(int(path.read_text()))
    return min(limits, default=0)


def free_memory() -> int:
    """Return the number of free bytes that the process may use; 0 if it is not known.

    Memory that other processes of its control group use is not subtracted from the group's limit.
    """
    limit = _memory_limit()
    with suppress(OSError, ValueError, StopIteration):  # not Linux
        lines = Path("/proc/meminfo").read_text().splitlines()
        available = next(line for line in lines if line.startswith("MemAvailable:"))
        return min(limit, int(available.split()[1]) << 10)
    return limit


def peak_memory_mb() -> int:
    """Return the peak of used memory so far, in MiB; 0 if it is not known.

    This is the memory that PyTorch has allocated on a GPU if it uses one, else the resident memory
    of the process.
    """
    torch = sys.modules.get("torch")
    if torch and torch.cuda.is_available() and torch.cuda.is_initialized():
        return torch.cuda.max_memory_allocated() >> 20
    try:
        import resource
    except ImportError:  # Windows
        return 0
    shift = 20 if sys.platform == "darwin" else 10  # macOS counts bytes, other systems kilobytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> shift


def is_out_of_memory(error: Exception) -> bool:
    """Return whether `error` reports that memory is exhausted, on a CPU or GPU."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":  # PyTorch's
        return True
    message = message_of(error)
    return "not enough memory" in message or "allocate memory" in message


def setting_to_increase(error: Exception) -> str:
    """Return ``size`` or ``batch_size`` if a layer's input was too small; "" for other errors.

    Batch norm needs several values per channel, and other layers several pixels.
    """
    message = message_of(error)
    if "Expected more than 1 value per channel" in message:
        return "batch_size"
    return "size" if any(phrase in message for phrase in TOO_SMALL) else ""


TOO_SMALL = (
    "Expected more than 1 spatial element",
    "Padding size should be less than",
    "Kernel size can't be greater than actual input size",
    "Output size is too small",
)
"""parts of PyTorch's error messages for images that are too small for a layer"""
