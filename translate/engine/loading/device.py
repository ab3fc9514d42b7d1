"""Move batches to a device."""

from typing import Any

import torch

from translate.batches import ImageSpec
from translate.images.tensors import to_device


def batch_to_device(batch: Any, device: torch.device, spec: ImageSpec) -> Any:
    """Move a named tuple of tensors; its images become floats in [-1, 1] there.

    A field called ``target`` is of the last domain, any other of the first.
    """
    return batch._make(
        to_device(tensor, device, spec.target if name == "target" else spec.source)
        if tensor.ndim == 4
        else tensor.to(device, non_blocking=True)
        for name, tensor in batch._asdict().items()
    )
