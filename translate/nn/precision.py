"""Numeric precision of losses."""

import torch
from torch import Tensor


def at_least_float32(values: Tensor) -> Tensor:
    """Return `values` in float32 or wider: squares and small differences are lost in bf16."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
