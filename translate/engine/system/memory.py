"""Keep freed memory, and recognise errors of memory and of input sizes."""

import ctypes
import sys

import torch

from translate.errors import message_of

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""glibc's names of what `mallopt` sets"""


def keep_freed_memory() -> None:
    """Set glibc's malloc to keep large freed blocks instead of returning them to the system.

    By default each step allocates the pages of gradients and activations anew, which costs up to a
    quarter of the step time of a large network on small images.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt:
        mallopt(M_MMAP_THRESHOLD, 32 << 20)  # the largest accepted value
        mallopt(M_TRIM_THRESHOLD, 1 << 30)


def out_of_memory(error: Exception) -> bool:
    """Return whether `error` reports that memory is exhausted, on a CPU or GPU."""
    known = isinstance(error, (MemoryError, torch.OutOfMemoryError))
    return (
        known or "not enough memory" in message_of(error) or "allocate memory" in message_of(error)
    )


def too_small(error: Exception) -> str:
    """Return the option to increase, ``size`` or ``batch_size``, if `error` is of a small input.

    Batch norm needs several values per channel, and other layers several pixels. Otherwise the
    result is empty.
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
"""parts of PyTorch's error messages"""
