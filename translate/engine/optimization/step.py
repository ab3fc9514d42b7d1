"""One training step of a recipe.

A recipe's ``step`` is a generator of turns. Each turn has the losses of one player, a set of
networks with an optimizer of its own, and updates that player if losses and gradients are finite.
"""

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
    """The result of a step: scalars on the device, which are computed asynchronously."""

    losses: dict[str, Tensor] = field(default_factory=dict)
    """losses by ``player/name``"""
    metrics: dict[str, Tensor] = field(default_factory=dict)
    """logged values that are not minimized, by ``player/name``"""
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
    """Run all turns of one step of `recipe` on `batch`.

    Args:
        recipe: The recipe, on the device of the batch.
        batch: A named tuple of tensors (N, ...).
        optimizers: The optimizer of each player.
        precision: The dtype of autocast in the forward passes.
        clip_norm: Largest gradient norm, for all players or by player.
        accumulate: Number of equal microbatches. Each has a generator of turns of its own. The
            first turn of every generator is run, then the player is updated with the mean of their
            gradients, then the second turn of every generator is run, and so on.

    Raises:
        PluginError: The recipe yields something other than turns, yields inside ``no_grad`` or
            ``autocast``, or its losses cannot be backpropagated.
    """
    result = StepResult()
    device = next(recipe.parameters()).device.type
    generators = [_generate_turns(recipe, microbatch) for microbatch in split(batch, accumulate)]
    padding = recompute_padding(recipe)  # saves the memory of padded activations
    while True:
        update = PlayerUpdate(recipe, optimizers, accumulate)
        for turns in generators:
            with padding, torch.autocast(device, precision, enabled=precision != torch.float32):
                turn = _next_turn(recipe, turns, device)  # the forward pass
            update.backpropagate(turn, turns)
            del turn  # frees the graph before the next microbatch
        if not update.player:  # all generators have ended
            if any(is_sharded(o.param_groups[0]["params"][0]) for o in optimizers.values()):
                reshard(
                    recipe
                )  # networks that were used after the last turn, or by a frozen player
            return result
        limit = clip_norm.get(update.player) if isinstance(clip_norm, Mapping) else clip_norm
        if norm := update.apply(limit):  # None for a frozen player
            result.norms[update.player] = norm.value
            result.skipped.setdefault(update.player, []).append(~norm.finite)
        result.losses |= update.losses
        result.metrics |= update.metrics


def _generate_turns(recipe: Recipe, batch: Any) -> Iterator[Turn]:
    """Return the generator of the turns of a step on `batch`."""
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


def _next_turn(recipe: Recipe, turns: Iterator[Turn], device: str) -> Turn | None:
    """Return the next of `turns`, or None at their end; raises `PluginError`."""
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
    """Return the modes of autograd and autocast, which a generator must not change."""
    return (
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.is_autocast_enabled(device),
        torch.get_autocast_dtype(device),
    )


def take_step(training: TrainingState, batch: Any, steps: int) -> StepResult:
    """Train one step of a run of `steps` on `batch`, with tensors on the device."""
    recipe, train = training.recipe, training.config.train
    recipe.iteration = training.step
    for module in recipe.modules():
        if isinstance(module, Progressive):  # its behaviour depends on the progress of training
            module.progress = min(1.0, training.step / (train.schedule_steps or steps))
    set_rates(training.optimizers, training.step, steps, train)
    precision = torch.bfloat16 if train.precision == "bf16" else torch.float32
    result = take_turns(
        recipe, batch, training.optimizers, precision, train.clip_norm, train.accumulate
    )
    if training.average:
        training.average.update_parameters(recipe)
    training.step += 1
    return result
