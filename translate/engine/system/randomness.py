"""The global random generators of Python, NumPy and PyTorch: seeds, and states to restore."""

import os
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor


def seed_everything(seed: int) -> None:
    """Seed every global random generator."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


@contextmanager
def deterministic(enabled: bool) -> Iterator[None]:
    """Restrict PyTorch to deterministic algorithms while the block runs, if `enabled`."""
    if not enabled:
        yield
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when CUDA starts
    before = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0])
        torch.backends.cudnn.benchmark = before[1]


def random_state() -> dict[str, Tensor]:
    """Return the state of every global random generator, as tensors."""
    _, words, gauss = random.getstate()
    numpy: Any = np.random.get_state()
    _, keys, position, has_gauss, cached = numpy
    state = {
        "random/torch": torch.get_rng_state(),
        "random/python": torch.tensor(words, dtype=torch.int64),
        "random/python_gauss": torch.tensor([] if gauss is None else [gauss], dtype=torch.float64),
        "random/numpy": torch.tensor([*keys.tolist(), position, has_gauss], dtype=torch.int64),
        "random/numpy_gauss": torch.tensor([cached], dtype=torch.float64),
    }
    if torch.cuda.is_available():
        state["random/cuda"] = torch.cuda.get_rng_state()
    return state


def restore_random_state(tensors: Mapping[str, Tensor]) -> None:
    """Restore the states of all generators from the tensors that `random_state` returned."""
    torch.set_rng_state(tensors["random/torch"])
    gauss = tensors["random/python_gauss"].tolist()
    random.setstate((3, tuple(tensors["random/python"].tolist()), gauss[0] if gauss else None))
    *keys, position, has_gauss = tensors["random/numpy"].tolist()
    cached = tensors["random/numpy_gauss"].item()
    np.random.set_state(("MT19937", np.array(keys, np.uint32), position, has_gauss, cached))
    if torch.cuda.is_available() and "random/cuda" in tensors:
        torch.cuda.set_rng_state(tensors["random/cuda"])
