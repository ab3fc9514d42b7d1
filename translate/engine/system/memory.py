"""Memory: keep freed blocks, and recognise where there is not enough."""

import ctypes
import sys

import torch

from translate.errors import message_of

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""glibc's names of what `mallopt` sets"""


def keep_freed_memory() -> None:
    """Have the C library keep what a step frees for the next one, where it is glibc.

    By default large blocks, such as gradients, go back to the system at once, and each step pays
    for its pages again: up to a quarter of a step of a large network on small images.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt:
        mallopt(M_MMAP_THRESHOLD, 32 << 20)  # it takes no more
        mallopt(M_TRIM_THRESHOLD, 1 << 30)


def out_of_memory(error: Exception) -> bool:
    """Return whether `error` says so, in any of the ways it is said in."""
    known = isinstance(error, (MemoryError, torch.OutOfMemoryError))
    return (
        known or "not enough memory" in message_of(error) or "allocate memory" in message_of(error)
    )


def too_small(error: Exception) -> str:
    """Return what to enlarge, ``size`` or ``batch_size``, where `error` says that one is too small.

    Batch norm needs several values of each channel, and other layers a map of several pixels.
    """
    told = message_of(error)
    if "Expected more than 1 value per channel" in told:
        return "batch_size"
    return "size" if any(phrase in told for phrase in TOO_SMALL) else ""


TOO_SMALL = (
    "Expected more than 1 spatial element",
    "Padding size should be less than",
    "Kernel size can't be greater than actual input size",
    "Output size is too small",
)
"""as PyTorch's layers complain"""
