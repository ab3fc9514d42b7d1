"""The networks of a recipe that are trained, by name."""

from collections.abc import Iterator

from torch import nn


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
