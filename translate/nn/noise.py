"""Seeded random numbers for networks."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

import torch

_global_generators = RLock()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed PyTorch's global generators for the block, and restore their states at its end.

    They belong to the process: only one thread at a time may be in such a block.
    """
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with _global_generators, torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        yield
