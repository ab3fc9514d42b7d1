"""Fully sharded data parallel training (FSDP2): the state of networks is divided among processes.

Each process keeps a shard of every parameter, of its optimizer state and of its moving average
(Rajbhandari et al., 2020, "ZeRO"). The full parameters of a network are gathered at its first use
in a turn and freed at the end of the turn, so that a network can be used several times, and
gradients can be differentiated again. Gradients are averaged and sharded in the backward pass.
"""

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from inspect import isfunction
from typing import Any, cast

import torch
from torch import Tensor, nn

from translate.engine.config.schema import Train
from translate.engine.optimization.networks.checkpointing import repeated_blocks
from translate.engine.processes import distributed
from translate.engine.processes.sharded_tensors import is_sharded
from translate.errors import ConfigError, PluginError
from translate.recipe import Recipe

ALTERNATIVE = "With --set train.shard=none each process has full copies of the networks."


def trained_networks(module: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Yield the name and module of each network in `module` that has parameters.

    Each module of a `ModuleList` or `ModuleDict` counts as a network; a `ParameterList` does not.
    """
    for name, child in module.named_children():
        if isinstance(child, (nn.ModuleList, nn.ModuleDict)):
            yield from trained_networks(child, f"{prefix}{name}.")
        elif isinstance(child, (nn.ParameterList, nn.ParameterDict)):
            continue
        elif any(True for _ in child.parameters()):
            yield prefix + name, child


def shard_networks(recipe: Recipe, *copies: nn.Module, device: torch.device) -> None:
    """Shard the networks of a recipe, and the networks of `copies` of the recipe.

    Raises `ConfigError` for a recipe that cannot be sharded.
    """
    from torch.distributed.device_mesh import init_device_mesh

    _expect_shardable(recipe)
    mesh = init_device_mesh(device.type, (distributed.world_size(),))
    for module in (recipe, *copies):
        for _, network in trained_networks(module):
            for module_to_shard in (*repeated_blocks(network), network):
                _shard(module_to_shard, mesh)
    # safe to ignore: `reshard` raises an error if gradients were not averaged
    warnings.filterwarnings("ignore", "FSDP2-wrapped module .* returned a view tensor")


def _shard(network: nn.Module, mesh: Any) -> None:
    """Shard a network, or a block of one, over the processes of a device mesh."""
    from torch.distributed.fsdp import fully_shard, register_fsdp_forward_method

    methods = _public_methods(network)
    # full until `reshard`: the backward pass needs the parameters again if a network is used twice,
    # or if its gradient is differentiated
    sharded: Any = fully_shard(network, mesh=mesh, reshard_after_forward=False)
    sharded.set_reshard_after_backward(False, recurse=False)
    for method in methods:
        register_fsdp_forward_method(sharded, method)


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
            f"train.compile: expected false with train.shard={train.shard}: sharding was not "
            "tested with compiled networks."
        )
    if train.channels_last:
        raise ConfigError(
            f"train.channels_last: expected false with train.shard={train.shard}, which PyTorch "
            "only does with weights in the usual order."
        )


def backpropagate(loss: Tensor, parameters: Sequence[Tensor]) -> None:
    """Add the gradients of `loss` to `parameters`; if sharded, to all other parameters, too."""
    if is_sharded(parameters[0]):
        loss.backward()  # the graph contains the full parameters, not the shards
    else:
        loss.backward(inputs=parameters)


def reshard(recipe: Recipe) -> None:
    """Free the full parameters of sharded networks at the end of a turn.

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


def _public_methods(network: nn.Module) -> set[str]:
    """Return the methods besides `forward` that may use parameters, such as ``features``."""
    classes = [cls for cls in type(network).__mro__ if not issubclass(nn.Module, cls)]
    functions = {n for cls in classes for n, member in vars(cls).items() if isfunction(member)}
    return {n for n in functions if not n.startswith("_") and not hasattr(nn.Module, n)}


def _expect_shardable(recipe: Recipe) -> None:
    """Raise `ConfigError` if a parameter belongs to no network, or to two networks."""
    name = type(recipe).__name__
    networks = [network for _, network in trained_networks(recipe)]
    inside = Counter(p for network in networks for p in network.parameters())
    outside = [key for key, p in recipe.named_parameters() if p not in inside]
    if outside:
        raise ConfigError(
            f"train.shard=fsdp: {name} has a parameter outside of its networks, {outside[0]}, "
            f"which cannot be sharded. {ALTERNATIVE}"
        )
    if any(count > 1 for count in inside.values()):
        raise ConfigError(
            f"train.shard=fsdp: two networks of {name} share parameters, which cannot be sharded. "
            f"{ALTERNATIVE}"
        )
