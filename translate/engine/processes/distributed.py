"""Data-parallel training in several processes, under torchrun: gloo on CPUs, nccl on GPUs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from translate.engine.processes.launch import read_launch, require_rendezvous
from translate.engine.system.devices import DEVICES, is_device
from translate.errors import ConfigError, TrainingError, message_of, short_repr

Value = TypeVar("Value")


def rank() -> int:
    """Return the rank of this process, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def world_size() -> int:
    """Return the number of processes."""
    return dist.get_world_size() if dist.is_initialized() else 1


def is_first() -> bool:
    """Return whether this process writes the log and the checkpoints."""
    return rank() == 0


def choose_device(name: str) -> torch.device:
    """Return the device called `name`; ``auto`` is the GPU of this process, or else the CPU.

    Raises `ConfigError` for another kind of device, and for a GPU that does not exist.
    """
    if not is_device(name):
        raise ConfigError(f"device: expected {DEVICES}, got {short_repr(name)}. Try --device cpu.")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    device = torch.device(name)
    if device.type == "cuda":
        if not torch.cuda.is_available():
            raise ConfigError(f"device {name}: PyTorch finds no GPU here. Use --device cpu.")
        index = device.index
        device = torch.device("cuda", read_launch().local_rank if index is None else index)
        if device.index >= torch.cuda.device_count():
            raise ConfigError(f"device {device}: there are {torch.cuda.device_count()} GPUs.")
        torch.cuda.set_device(device)
    return device


@contextmanager
def process_group(device: torch.device, timeout: float = 1800.0) -> Iterator[None]:
    """Join the process group that torchrun started; do nothing for a single process.

    Args:
        device: The device that this process trains on.
        timeout: Seconds that a collective operation waits for the other processes.

    Raises:
        ConfigError: The processes cannot connect.
    """
    if read_launch().is_single or dist.is_initialized():
        yield
        return
    require_rendezvous()
    try:
        backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
        dist.init_process_group(backend, timeout=timedelta(seconds=timeout))
    except (ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(
            f"the {read_launch().world_size} processes cannot connect: {reason}. Start them with "
            "torchrun, or type: unset RANK WORLD_SIZE"
        ) from error
    try:
        yield
    finally:
        dist.destroy_process_group()


@contextmanager
def explain_peer_failure() -> Iterator[None]:
    """Raise `TrainingError` if communication fails because another process has ended."""
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error, dist.DistError) and "gloo" not in message_of(error):
            raise
        timed_out = "timed out" in message_of(error).lower()
        fault = "hangs: train.timeout has passed" if timed_out else "has died or cannot be reached"
        raise TrainingError(
            f"another process {fault}, so all of them stop. The last checkpoint is complete: "
            "continue with --resume."
        ) from error


@torch.no_grad()
def broadcast_(module: nn.Module) -> None:
    """Copy the parameters and buffers of the first process to all others."""
    if world_size() > 1:
        for tensor in [*module.parameters(), *module.buffers()]:
            contiguous = tensor.detach().contiguous()
            broadcast_tensor_(contiguous)
            tensor.copy_(contiguous)


def broadcast_tensor_(tensor: Tensor) -> None:
    """Copy the contiguous `tensor` of the first process to all others."""
    with explain_peer_failure():
        dist.broadcast(tensor, 0)


def average_gradients(parameters: Sequence[Tensor], loss: Tensor) -> Tensor:
    """Replace each gradient by its mean over the processes; return the mean of `loss`.

    One all-reduce sends all of them. A missing gradient counts as zero, so that all processes send
    the same number of values.
    """
    if world_size() == 1:
        return loss
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
    dtype = torch.promote_types(loss.dtype, torch.float32)
    flat = torch.cat([tensor.reshape(-1).to(dtype) for tensor in (*gradients, loss)])
    with explain_peer_failure():
        dist.all_reduce(flat)
    flat /= world_size()
    *means, mean_loss = flat.split([tensor.numel() for tensor in (*gradients, loss)])
    for parameter, gradient, mean in zip(parameters, gradients, means, strict=True):
        parameter.grad = gradient.copy_(mean.view_as(gradient))
    return mean_loss.view_as(loss)


def all_reduce_max(value: int) -> int:
    """Return the largest `value` of all processes."""
    if world_size() == 1:
        return value
    largest = torch.tensor(value)
    with explain_peer_failure():
        dist.all_reduce(largest, dist.ReduceOp.MAX)
    return int(largest)


def broadcast(value: Value) -> Value:
    """Return the first process's `value` on every process."""
    if world_size() == 1:
        return value
    shared = [value]
    with explain_peer_failure():
        dist.broadcast_object_list(shared)
    return shared[0]


def gather_bytes(data: bytes) -> list[bytes]:
    """Return the `data` of all processes, in order, on the first process; [] on the others."""
    if world_size() == 1:
        return [data]
    gathered: list[bytes] | None = [b""] * world_size() if is_first() else None
    with explain_peer_failure():
        dist.gather_object(data, gathered)
    return gathered or []


def barrier() -> None:
    """Wait until all processes have called this."""
    if world_size() > 1:
        with explain_peer_failure():
            dist.barrier()
