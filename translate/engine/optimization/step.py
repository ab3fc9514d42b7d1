"""One training step: each turn updates one player, if its loss and gradients are finite."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from translate.engine.checkpoints.state import TrainingState
from translate.engine.optimization.networks.padding import recompute_padding
from translate.engine.optimization.networks.sharding import reshard
from translate.engine.optimization.player_update import PlayerUpdate
from translate.engine.optimization.schedules import set_rates
from translate.engine.plugins.errors import definition_location, plugin_code, yield_location
from translate.engine.processes.distributed import explain_peer_failure
from translate.engine.processes.sharded_tensors import is_sharded
from translate.errors import PluginError, short_repr
from translate.nn.modes import Progressive
from translate.recipe import Recipe, Turn


@dataclass
class StepResult:
    """The result of a step: scalars on the device, computed asynchronously."""

    losses: dict[str, Tensor] = field(default_factory=dict)
    """by ``player/name``"""
    metrics: dict[str, Tensor] = field(default_factory=dict)
    """logged values that are not minimised, by ``player/name``"""
    norms: dict[str, Tensor] = field(default_factory=dict)
    """gradient norm of each player, before clipping"""
    skipped: dict[str, list[Tensor]] = field(default_factory=dict)
    """for each turn of a player, whether its update was skipped because it was not finite"""


def take_turns(
    recipe: Recipe,
    batch: Any,
    optimizers: Mapping[str, Optimizer],
    precision: torch.dtype = torch.float32,
    clip_norm: float | Mapping[str, float] | None = None,
    accumulate: int = 1,
) -> StepResult:
    """Take one step of `recipe` on `batch`.

    Args:
        recipe: The recipe, on the device of the batch.
        batch: A named tuple of tensors (N, ...).
        optimizers: The optimizer of each player.
        precision: dtype of autocast in the forward passes.
        clip_norm: Largest gradient norm, for all players or by player.
        accumulate: Number of equal microbatches. The recipe's step runs on all of them in parallel,
            turn by turn, and a player is updated with the mean of their gradients.

    Raises:
        PluginError: The recipe breaks one of the rules of ``yield``.
    """
    result = StepResult()
    device = next(recipe.parameters()).device.type
    steps = [_begin(recipe, microbatch) for microbatch in split(batch, accumulate)]
    padding = recompute_padding(recipe)
    while True:
        update = PlayerUpdate(recipe, optimizers, accumulate)
        for step in steps:
            with padding, torch.autocast(device, precision, enabled=precision != torch.float32):
                turn = _next(recipe, step, device)  # the forward pass
            update.backpropagate(turn, step)
            del turn  # frees the graph before the next microbatch
        if not update.player:
            if any(is_sharded(o.param_groups[0]["params"][0]) for o in optimizers.values()):
                reshard(recipe)  # networks used after the last turn, or by a frozen player
            return result
        limit = clip_norm.get(update.player) if isinstance(clip_norm, Mapping) else clip_norm
        if norm := update.apply(limit):
            result.norms[update.player] = norm.value
            result.skipped.setdefault(update.player, []).append(~norm.finite)
        result.losses |= update.losses
        result.metrics |= update.metrics


def _begin(recipe: Recipe, batch: Any) -> Iterator[Turn]:
    """Return the generator of a step's turns."""
    with plugin_code(recipe, "step"):
        turns = recipe.step(batch)
    if not isinstance(turns, Iterator):
        raise PluginError(
            f"{type(recipe).__name__}.step returned {short_repr(turns)}, but a step must yield a "
            f"Turn for each update: `yield Turn(...)`.{definition_location(recipe, 'step')}"
        )
    return turns


def split(batch: Any, count: int) -> list[Any]:
    """Return `count` equal microbatches of a batch, a named tuple of tensors."""
    if count == 1:
        return [batch]
    microbatches = zip(*(tensor.chunk(count) for tensor in batch), strict=True)
    return [type(batch)(*tensors) for tensors in microbatches]


def _next(recipe: Recipe, turns: Iterator[Turn], device: str) -> Turn | None:
    before = _modes(device)
    with plugin_code(recipe, "step"), explain_peer_failure():
        turn = next(turns, None)
    if _modes(device) != before:
        torch.set_grad_enabled(True)
        raise PluginError(
            f"{type(recipe).__name__}.step yields inside `with torch.no_grad()` or `autocast`, "
            "which would leak into the engine. Close the block before the yield."
            f"{yield_location(recipe, turns)}"
        )
    if turn is not None and not isinstance(turn, Turn):
        raise PluginError(
            f"{type(recipe).__name__}.step yielded {short_repr(turn)}: expected "
            f"Turn(player, name=loss).{yield_location(recipe, turns)}"
        )
    return turn


def _modes(device: str) -> tuple[Any, ...]:
    return (
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.is_autocast_enabled(device),
        torch.get_autocast_dtype(device),
    )


def take_step(training: TrainingState, batch: Any, steps: int) -> StepResult:
    """Train one step, of `steps` in all, on a batch that is on the device."""
    recipe, train = training.recipe, training.config.train
    recipe.iteration = training.step
    for part in recipe.modules():
        if isinstance(part, Progressive):
            part.progress = min(1.0, training.step / (train.schedule_steps or steps))
    set_rates(training.optimizers, training.step, steps, train)
    precision = torch.bfloat16 if train.precision == "bf16" else torch.float32
    result = take_turns(
        recipe, batch, training.optimizers, precision, train.clip_norm, train.accumulate
    )
    if training.average:
        training.average.update_parameters(recipe)
    training.step += 1
    return result
