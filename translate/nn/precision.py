"""Numeric precision of losses."""

import torch
from torch import Tensor


def at_least_float32(values: Tensor) -> Tensor:
    """Return `values` in float32 or wider: bf16 is too coarse for squares and small differences."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
