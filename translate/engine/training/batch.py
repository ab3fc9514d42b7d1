"""Batches on a device."""

from typing import Any

import torch

from translate.images.tensors import to_device


def batch_to_device(batch: Any, device: torch.device) -> Any:
    """Move a named tuple of tensors; its images become floats in [-1, 1] there."""
    return batch._make(
        to_device(part, device) if part.ndim == 4 else part.to(device, non_blocking=True)
        for part in batch
    )
