"""Sharded tensors: PyTorch's `DTensor`; each process stores a shard (`fully_shard`).

An attribute identifies them, since the import of `torch.distributed.tensor` takes long and
inference does not need it.
"""

from typing import Any

from torch import Tensor

from translate.engine.processes import distributed


def is_sharded(tensor: Tensor) -> bool:
    """Return whether each process stores only a shard of `tensor`."""
    return hasattr(tensor, "device_mesh")


def local_shard(tensor: Any) -> Tensor:
    """Return the shard of `tensor` on this process; all of it if it is not sharded."""
    return tensor.to_local() if is_sharded(tensor) else tensor


def full_tensor(tensor: Any) -> Tensor:
    """Return `tensor` unsharded; every process must call this."""
    if not is_sharded(tensor):
        return tensor
    with distributed.explain_peer_failure():
        return tensor.full_tensor()


def shard_like(tensor: Tensor, reference: Any) -> Tensor:
    """Return `tensor`, equal on all processes, sharded like `reference`.

    A tensor of another shape, such as the step count of an optimizer, is returned unchanged, and so
    is a sharded tensor.
    """
    if is_sharded(tensor) or not is_sharded(reference) or tensor.shape != reference.shape:
        return tensor
    from torch.distributed.tensor import distribute_tensor

    return distribute_tensor(
        tensor.to(reference.device),
        reference.device_mesh,
        reference.placements,
        src_data_rank=None,  # without communication
    )
