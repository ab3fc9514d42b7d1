"""Move batches to a device, and their images to [-1, 1] there."""

from typing import Any

import torch

from translate.batches import ImageSpec
from translate.images.domains import domain_images
from translate.images.tensors import to_device


class Uploader:
    """Moves batches to a device, and their images to [-1, 1] there.

    Batches for a GPU are in pinned memory, and are copied on a separate CUDA stream: while the GPU
    computes one step, the batch of the next step is copied.
    """

    def __init__(
        self, device: torch.device, spec: ImageSpec, *, channels_last: bool = False
    ) -> None:
        self.device, self.spec = device, spec
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        self.stream = torch.cuda.Stream(device) if device.type == "cuda" else None

    def __call__(self, batch: Any) -> Any:
        """Return `batch`, a named tuple of tensors, on the device."""
        if self.stream is None:
            return self._upload(batch)
        with torch.cuda.stream(self.stream):
            uploaded = self._upload(batch)
        step_stream = torch.cuda.current_stream(self.device)
        step_stream.wait_stream(self.stream)
        for tensor in uploaded:
            tensor.record_stream(step_stream)  # its memory is not reused before the step is done
        return uploaded

    def _upload(self, batch: Any) -> Any:
        uploaded = batch_to_device(batch, self.device, self.spec)
        if self.format == torch.contiguous_format:
            return uploaded
        tensors = (t.contiguous(memory_format=self.format) if t.ndim == 4 else t for t in uploaded)
        return uploaded._make(tensors)


def batch_to_device(batch: Any, device: torch.device, spec: ImageSpec) -> Any:
    """Return a named tuple of tensors on a device; images (N, C, H, W) become floats in [-1, 1].

    A field ``target`` has images of the last domain, a field with the name of a domain images of
    that domain, and any other field images of the first domain.
    """
    domains = domain_images.domains_by_role(spec)
    return batch._make(
        to_device(tensor, device, domains.get(name, spec.source))
        if tensor.ndim == 4
        else tensor.to(device, non_blocking=True)
        for name, tensor in batch._asdict().items()
    )
