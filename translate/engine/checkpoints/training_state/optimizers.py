"""Optimizers of a resumed run: saved moments, and hyperparameters of the configuration."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from translate.engine.config.yaml_text import to_yaml_types
from translate.engine.processes.sharded_tensors import shard_like

MOMENT_SETTINGS = {"amsgrad", "centered", "momentum"}
"""hyperparameters that decide which moments PyTorch's optimizers have"""


def hyperparameters(optimizer: Optimizer) -> list[dict[str, Any]]:
    """Return the hyperparameters of each parameter group of the optimizer."""
    return [
        {key: value for key, value in group.items() if key != "params"}
        for group in optimizer.param_groups
    ]


def describe_optimizers(
    optimizers: Mapping[str, Optimizer], initial_groups: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, Any]:
    """Return the state of each player's optimizer except its tensors, with its `initial_groups`."""
    descriptions = {}
    for player, optimizer in optimizers.items():
        state = optimizer.state_dict()
        scalars: dict[str, dict[str, Any]] = {}
        for index, values in state["state"].items():
            for name, value in values.items():
                if not isinstance(value, Tensor):
                    scalars.setdefault(str(index), {})[name] = value
        descriptions[player] = {
            "kind": type(optimizer).__name__,
            "state": scalars,
            "param_groups": state["param_groups"],
            "configured": initial_groups[player],
        }
    return descriptions


def optimizer_tensors(optimizers: Mapping[str, Optimizer]) -> dict[str, Tensor]:
    """Return the moments of all optimizers, by ``optimizer/player/index/name``."""
    return {
        f"optimizer/{player}/{index}/{name}": value
        for player, optimizer in optimizers.items()
        for index, values in optimizer.state_dict()["state"].items()
        for name, value in values.items()
        if isinstance(value, Tensor)
    }


def restore_optimizer(
    optimizer: Optimizer,
    initial_groups: Sequence[Mapping[str, Any]],
    saved_state: Mapping[str, Any] | None,
    tensors: Mapping[str, Tensor],
) -> str:
    """Restore the state of one player's new optimizer; return why not, or an empty string.

    A hyperparameter that is configured as in the checkpoint gets its saved value, which a schedule
    or the recipe may have changed. If the configuration has changed, the new value stays.

    Args:
        optimizer: the new optimizer.
        initial_groups: its hyperparameters by group, before any step.
        saved_state: its description in the checkpoint.
        tensors: its saved moments, by ``index/name``.
    """
    if saved_state is None:
        return "the checkpoint has no such player"
    groups, saved_groups = optimizer.state_dict()["param_groups"], saved_state["param_groups"]
    if [len(g["params"]) for g in groups] != [len(g["params"]) for g in saved_groups]:
        return "it has other parameters now"
    if (kind := type(optimizer).__name__) != saved_state.get("kind", kind):
        return f"it is {kind}, and was {saved_state['kind']}"
    # older versions did not save the configured values
    saved_initial_groups = saved_state.get(
        "configured", [{**g, "lr": g.get("initial_lr", g["lr"])} for g in saved_groups]
    )
    for group, *others in zip(
        groups, initial_groups, saved_initial_groups, saved_groups, strict=True
    ):
        if reason := _restore_group(group, *others):
            return reason
    state: dict[int, dict[str, Any]] = {
        int(index): dict(values) for index, values in saved_state["state"].items()
    }
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for name, tensor in tensors.items():
        index, _, moment = name.partition("/")
        state.setdefault(int(index), {})[moment] = shard_like(tensor, parameters[int(index)])
    optimizer.load_state_dict({"state": state, "param_groups": groups})
    for parameter, values in optimizer.state.items():
        moments = {name: value for name, value in values.items() if isinstance(value, Tensor)}
        values |= {name: _copy_like(moment, parameter) for name, moment in moments.items()}
    return ""


def _restore_group(
    group: dict[str, Any],
    initial: Mapping[str, Any],
    saved_initial: Mapping[str, Any],
    saved_group: Mapping[str, Any],
) -> str:
    """Set hyperparameters of `group` to `saved_group`, where `initial` equals `saved_initial`.

    Returns why the group cannot be restored, or an empty string.
    """
    for key, value in initial.items():
        if key in saved_initial and to_yaml_types(value) == to_yaml_types(saved_initial[key]):
            group[key] = (
                tuple(saved_group[key]) if isinstance(saved_group[key], list) else saved_group[key]
            )
            if key == "lr" and "initial_lr" in saved_group:
                group["initial_lr"] = saved_group["initial_lr"]
        elif key in MOMENT_SETTINGS and bool(value) != bool(saved_initial.get(key)):
            return f"{key} is {value}, and was {saved_initial.get(key)}"
    return ""


def _copy_like(moment: Tensor, parameter: Tensor) -> Tensor:
    """Return a copy of a moment, which may be memory-mapped, in the parameter's memory format.

    Fused optimizers need equal memory formats of a parameter and its moments.
    """
    if moment.shape == parameter.shape:
        return torch.empty_like(parameter, dtype=moment.dtype).copy_(moment)
    return moment.clone()
