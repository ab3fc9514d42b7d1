"""Recipes (methods with their networks) on PyTorch's meta device, for sharded training.

Tensors on the meta device have shapes and no values.
Only the first process constructs the networks with values. It sends the values to the other
processes one tensor at a time, and each process keeps its shard. So no other process ever has whole
networks.
"""

import gc
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import TypeVar

import torch
from torch import Tensor, nn

from translate.engine.data.blank import META
from translate.engine.processes import distributed
from translate.engine.processes.sharded_tensors import local_shard, shard_like
from translate.engine.system.randomness import random_state, restore_random_state
from translate.errors import describe_error
from translate.recipe import Recipe

logger = logging.getLogger(__name__)
Module = TypeVar("Module", bound=nn.Module)


def construct_on_meta(create: Callable[[], Module]) -> Module | None:
    """Return the recipe of `create` without values; None, and a log message, if that is impossible.

    `fill_` replaces parameters and buffers only. So it is impossible if the recipe has other
    tensors on the meta device, or an attribute that refers to this device, or if its layers share
    tensors. It is also impossible if the constructor reads values, or draws random numbers on the
    CPU by an explicit device: these would differ from those of the first process, as the meta
    device does not advance the generator. Random initial values of parameters are no obstacle.
    """
    gc.collect()
    earlier_tensors, earlier_random_state = list(_tensors_on_meta()), random_state()
    try:
        with META, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # loaded weights have no effect on the meta device
            recipe = create()
        gc.collect()
        own = dict(_tensors(recipe))
        known_ids = {id(tensor) for tensor in (*earlier_tensors, *own.values())}
        if any(id(tensor) not in known_ids for tensor in _tensors_on_meta()):
            reason = "it has tensors that are neither parameters nor buffers"
        elif any(map(_refers_to_meta, recipe.modules())):
            reason = "a layer has an attribute that is a torch.device or another layer's tensor"
        elif not torch.equal(torch.get_rng_state(), earlier_random_state["random/torch"]):
            reason = "its constructor draws random numbers on the CPU by an explicit device"
        elif len(own) < len(list(_tensors(recipe, with_duplicates=True))):
            reason = "some of its layers share parameters or buffers"
        else:
            return recipe
    except Exception as error:  # where values are missing, a plugin may raise any
        reason = f"its constructor needs values: {describe_error(error)}"
    finally:
        restore_random_state(earlier_random_state)
    logger.info(f"train.shard: each process starts with whole networks of the recipe, as {reason}")
    return None


@torch.no_grad()
def fill_(recipe: Recipe, *copies: nn.Module, values: Recipe | None, device: torch.device) -> None:
    """Give sharded networks on the meta device the values of the first process.

    Args:
        recipe: The recipe to fill; its tensors must have the same order on all processes.
        copies: Copies of the recipe, which get the same values.
        values: On the first process, a recipe with values; its tensors are emptied to free their
            memory. None on the other processes.
        device: Where the shards are stored.
    """
    for module in (recipe, *copies):
        module.to_empty(device=device)
    sources = dict(_tensors(values)) if values is not None else {}
    for (name, tensor), *others in zip(*map(_tensors, (recipe, *copies)), strict=True):
        if values is None:
            value = torch.empty(tensor.shape, dtype=tensor.dtype, device=device)
        else:
            source = sources.pop(name)
            value = source.detach().to(device).contiguous()
            source.data = source.new_empty(0)  # frees its memory
        distributed.broadcast_tensor_(value)
        for target in (tensor, *(other for _, other in others)):
            local_shard(target).copy_(local_shard(shard_like(value, target)))


def _tensors(module: nn.Module, *, with_duplicates: bool = False) -> Iterator[tuple[str, Tensor]]:
    """Yield parameters and buffers by name; with `with_duplicates`, each under all of its names."""
    yield from module.named_parameters(remove_duplicate=not with_duplicates)
    yield from module.named_buffers(remove_duplicate=not with_duplicates)


def _refers_to_meta(module: nn.Module) -> bool:
    """Return whether an attribute would still refer to the meta device after `fill_`."""
    return any(
        value == META if isinstance(value, torch.device) else value.is_meta
        for value in vars(module).values()
        if isinstance(value, (torch.device, Tensor))
    )


def _tensors_on_meta() -> Iterator[Tensor]:
    """Yield all tensors on the meta device in this process."""
    for value in gc.get_objects():
        if issubclass(type(value), Tensor) and value.is_meta:
            yield value
