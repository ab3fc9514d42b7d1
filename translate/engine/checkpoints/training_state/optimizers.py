"""Optimizers of a resumed run: saved moments, and hyperparameters of the configuration."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from translate.engine.config.yaml_text import to_yaml_types
from translate.engine.processes.sharded_tensors import shard_like

LAYOUT = {"amsgrad", "centered", "momentum"}
"""hyperparameters that decide which moments PyTorch's optimizers keep"""


def hyperparameters(optimizer: Optimizer) -> list[dict[str, Any]]:
    """Return the hyperparameters of each of the optimizer's groups."""
    return [
        {key: value for key, value in group.items() if key != "params"}
        for group in optimizer.param_groups
    ]


def describe_optimizers(
    optimizers: Mapping[str, Optimizer], initial_groups: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, Any]:
    """Return the state of each player's optimizer but tensors, with its `initial_groups`."""
    described = {}
    for player, optimizer in optimizers.items():
        state = optimizer.state_dict()
        scalars: dict[str, dict[str, Any]] = {}
        for index, values in state["state"].items():
            for name, value in values.items():
                if not isinstance(value, Tensor):
                    scalars.setdefault(str(index), {})[name] = value
        described[player] = {
            "kind": type(optimizer).__name__,
            "state": scalars,
            "param_groups": state["param_groups"],
            "configured": initial_groups[player],
        }
    return described


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

    `initial_groups` are its groups as they were built, `saved_state` its description in the
    checkpoint, and `tensors` its moments, by ``index/name``. A hyperparameter whose configured
    value is that of the checkpoint gets its saved value, which the schedule or the recipe may have
    changed; any other one keeps the value of the configuration.
    """
    if saved_state is None:
        return "the checkpoint has no such player"
    groups, last = optimizer.state_dict()["param_groups"], saved_state["param_groups"]
    if [len(group["params"]) for group in groups] != [len(group["params"]) for group in last]:
        return "it has other parameters now"
    if (kind := type(optimizer).__name__) != saved_state.get("kind", kind):
        return f"it is {kind}, and was {saved_state['kind']}"
    # older versions did not save the configured values
    past = saved_state.get("configured", [{**g, "lr": g.get("initial_lr", g["lr"])} for g in last])
    for group, now, before, then in zip(groups, initial_groups, past, last, strict=True):
        if why := _restore_group(group, now, before, then):
            return why
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
        values |= {name: _own_memory(moment, parameter) for name, moment in moments.items()}
    return ""


def _restore_group(
    group: dict[str, Any],
    now: Mapping[str, Any],
    before: Mapping[str, Any],
    then: Mapping[str, Any],
) -> str:
    """Set hyperparameters whose configured values are `now` as `before` to those saved `then`.

    Returns why the group cannot be restored, or an empty string.
    """
    for key, value in now.items():
        if key in before and to_yaml_types(value) == to_yaml_types(before[key]):
            group[key] = tuple(then[key]) if isinstance(then[key], list) else then[key]
            if key == "lr" and "initial_lr" in then:
                group["initial_lr"] = then["initial_lr"]
        elif key in LAYOUT and bool(value) != bool(before.get(key)):
            return f"{key} is {value}, and was {before.get(key)}"
    return ""


def _own_memory(moment: Tensor, parameter: Tensor) -> Tensor:
    """Return a copy of a moment, which may be memory-mapped.

    Fused optimizers need equal memory formats of a parameter and its moments.
    """
    if moment.shape == parameter.shape:
        return torch.empty_like(parameter, dtype=moment.dtype).copy_(moment)
    return moment.clone()
