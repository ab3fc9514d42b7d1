"""Tensors of which each process keeps a part: PyTorch's `DTensor`, as `fully_shard` makes them.

Its module takes long to import, and inference needs none of it: these tensors are recognized by
their attributes.
"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from translate.engine.processes import distributed


def is_sharded(tensor: Tensor) -> bool:
    """Return whether each process has only a part of `tensor`."""
    return hasattr(tensor, "device_mesh")


def own_part(tensor: Any) -> Tensor:
    """Return the part of `tensor` that this process has."""
    return tensor.to_local() if is_sharded(tensor) else tensor


def full_tensor(tensor: Any) -> Tensor:
    """Return the whole of `tensor`; every process must call this."""
    if not is_sharded(tensor):
        return tensor
    with distributed.explained_peer_failure():
        return tensor.full_tensor()


def gather(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return whole tensors on the first process; every process must call this.

    Those that were sharded are then on the CPU, and not in the result on other processes.
    """
    gathered = {}
    for name, tensor in tensors.items():
        whole = full_tensor(tensor.detach())
        if not is_sharded(tensor):
            gathered[name] = tensor
        elif distributed.is_first():
            gathered[name] = whole.cpu()
    return gathered


def shard_like(whole: Tensor, reference: Any) -> Tensor:
    """Return `whole`, which all processes have, sharded as `reference` is.

    A tensor of another shape, such as the step of an optimizer, is returned as it is.
    """
    if not is_sharded(reference) or whole.shape != reference.shape:
        return whole
    from torch.distributed.tensor import distribute_tensor

    return distribute_tensor(
        whole.to(reference.device),
        reference.device_mesh,
        reference.placements,
        src_data_rank=None,  # without communication
    )
