"""Fully sharded data parallel training (FSDP2): the state of networks is shared among processes.

Each process keeps a part of every parameter, of its moments and of its moving average. The whole
parameters of a network exist from its first use in a turn to the end of that turn, so that a
network can be used several times, and gradients can be differentiated again; gradients are
averaged and sharded during the backward pass (Rajbhandari et al., 2020, "ZeRO").
"""

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from inspect import isfunction
from typing import Any, cast

import torch
from torch import Tensor, nn

from translate.engine.config.schema import Train
from translate.engine.optimization.checkpointing import repeated_blocks
from translate.engine.processes import distributed
from translate.engine.processes.sharded_tensors import is_sharded
from translate.errors import ConfigError, PluginError
from translate.recipe import Recipe

ALTERNATIVE = "With --set train.shard=none each process has the whole networks."


def shard_networks(recipe: Recipe, *copies: nn.Module, device: torch.device) -> None:
    """Shard the networks of a recipe that are trained, and those of copies of it.

    Raises `ConfigError` for a recipe that cannot be sharded.
    """
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard, register_fsdp_forward_method

    _expect_shardable(recipe)
    mesh = init_device_mesh(device.type, (distributed.world_size(),))
    for module in (recipe, *copies):
        for network in _networks(module):
            for part in (*repeated_blocks(network), network):
                methods = _public_methods(part)
                # whole until `reshard`: autograd uses the parameters of a network that is used
                # twice, or whose gradient is differentiated, after its own backward pass
                sharded: Any = fully_shard(part, mesh=mesh, reshard_after_forward=False)
                sharded.set_reshard_after_backward(False, recurse=False)
                for method in methods:
                    register_fsdp_forward_method(sharded, method)
    # views are no risk here: `reshard` finds gradients that were not averaged
    warnings.filterwarnings("ignore", "FSDP2-wrapped module .* returned a view tensor")


def expect_processes(train: Train) -> None:
    """Raise `ConfigError` if networks cannot be sharded with these settings."""
    if train.shard == "none":
        return
    if distributed.world_size() == 1:
        raise ConfigError(
            f"train.shard={train.shard} shards the networks over several processes, and there is "
            "one. Start them with torchrun --nproc-per-node N -m translate, or set it back with "
            "--set train.shard=none."
        )
    if train.compile:
        raise ConfigError(
            f"train.compile: expected false with train.shard={train.shard}, which compiled "
            "networks were not tested with."
        )


def backpropagate(loss: Tensor, parameters: Sequence[Tensor]) -> None:
    """Add the gradients of `loss` to `parameters`; sharded networks get those of others, too."""
    if is_sharded(parameters[0]):
        loss.backward()  # autograd knows the whole parameters, not these
    else:
        loss.backward(inputs=parameters)


def reshard(recipe: Recipe) -> None:
    """Free the whole parameters of sharded networks at the end of a turn.

    Raises `PluginError` if gradients were not averaged and sharded.
    """
    from torch.distributed.fsdp import FSDPModule

    for name, module in recipe.named_modules():
        if not isinstance(module, FSDPModule):
            continue
        parameters: Iterator[Tensor] = cast(nn.Module, module).parameters()
        if any(p.grad is not None and not is_sharded(p) for p in parameters):
            raise PluginError(
                f"{type(recipe).__name__}: gradients of {name} are on one process alone, because "
                f"its output was changed in place. Copy it first: output.clone(). {ALTERNATIVE}"
            )
        module.reshard()


def _networks(module: nn.Module) -> Iterator[nn.Module]:
    """Yield the networks in `module` that have parameters; of a list, each of its modules.

    Lists of parameters are no networks.
    """
    for child in module.children():
        if isinstance(child, (nn.ModuleList, nn.ModuleDict)):
            yield from _networks(child)
        elif isinstance(child, (nn.ParameterList, nn.ParameterDict)):
            continue
        elif any(True for _ in child.parameters()):
            yield child


def _public_methods(network: nn.Module) -> set[str]:
    """Return the methods besides `forward` that may use parameters, such as ``features``."""
    classes = [kind for kind in type(network).__mro__ if not issubclass(nn.Module, kind)]
    functions = {n for kind in classes for n, member in vars(kind).items() if isfunction(member)}
    return {n for n in functions if not n.startswith("_") and not hasattr(nn.Module, n)}


def _expect_shardable(recipe: Recipe) -> None:
    """Raise `ConfigError` for parameters outside of networks, and for those of two networks."""
    name = type(recipe).__name__
    networks = list(_networks(recipe))
    inside = Counter(p for network in networks for p in network.parameters())
    own = [key for key, p in recipe.named_parameters() if p not in inside]
    if own:
        raise ConfigError(
            f"train.shard=fsdp: {name} has a parameter outside of its networks, {own[0]}, which "
            f"cannot be sharded. {ALTERNATIVE}"
        )
    if any(count > 1 for count in inside.values()):
        raise ConfigError(
            f"train.shard=fsdp: two networks of {name} share parameters, which cannot be sharded. "
            f"{ALTERNATIVE}"
        )
