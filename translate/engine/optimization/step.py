"""One training step: every turn updates one player, and only by finite numbers."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import increment_version
from torch.nn.utils import clip_grads_with_norm_, get_total_norm
from torch.optim import Optimizer

from translate.engine.checkpoints.state import TrainingState
from translate.engine.optimization.schedules import set_rates
from translate.engine.plugins.errors import (
    at_definition,
    at_yield,
    is_explained,
    plugin_code,
    plugin_error,
)
from translate.engine.processes.distributed import average_gradients
from translate.errors import PluginError, message_of, short_repr, suggest
from translate.nn.modes import Progressive
from translate.recipe import Recipe, Turn


@dataclass
class StepResult:
    """The result of a step: scalars on the device, which only the caller waits for."""

    losses: dict[str, Tensor] = field(default_factory=dict)
    """by ``player/name``"""
    metrics: dict[str, Tensor] = field(default_factory=dict)
    """what is recorded and not minimised, by ``player/name``"""
    norms: dict[str, Tensor] = field(default_factory=dict)
    """norm of each player's gradient, before clipping"""
    skipped: dict[str, list[Tensor]] = field(default_factory=dict)
    """whether each of a player's turns was not finite, and so changed no weight"""


def take_turns(
    recipe: Recipe,
    batch: Any,
    optimizers: Mapping[str, Optimizer],
    precision: torch.dtype = torch.float32,
    clip_norm: float | Mapping[str, float] | None = None,
) -> StepResult:
    """Take one step of `recipe` on `batch`.

    `clip_norm` is the largest norm of a player's gradient, for all players or by player. Raises
    `PluginError` if the recipe breaks one of the rules of ``yield``.
    """
    result = StepResult()
    device = next(recipe.parameters()).device.type
    with plugin_code(recipe, "step"):
        turns = recipe.step(batch)
    if not isinstance(turns, Iterator):
        raise PluginError(
            f"{type(recipe).__name__}.step returned {short_repr(turns)}, but a step must yield a "
            f"Turn for each player's move: `yield Turn(...)`.{at_definition(recipe, 'step')}"
        )
    while True:
        with torch.autocast(device, precision, enabled=precision != torch.float32):
            turn = _next(recipe, turns, device)  # forward in bf16, backward outside
        if turn is None:
            return result
        if turn.player not in optimizers:
            raise PluginError(
                f"{type(recipe).__name__}: no optimizer is called {turn.player!r}."
                f"{suggest(turn.player, optimizers)}{at_yield(recipe, 'step', turns)}"
            )
        optimizer = optimizers[turn.player]
        movable = [p for g in optimizer.param_groups for p in g["params"] if p.requires_grad]
        if movable:  # none if the player is frozen
            with _explain_errors(recipe, turn, turns):
                total = turn.total
                total.backward(inputs=movable)  # only this player accumulates gradient
            total = average_gradients(movable, total.detach())
            norm = get_total_norm([p.grad for p in movable if p.grad is not None])
            finite = (norm + total).isfinite()  # on every process alike
            limit = clip_norm.get(turn.player) if isinstance(clip_norm, Mapping) else clip_norm
            if limit:
                clip_grads_with_norm_(movable, limit, norm)  # on the device, without waiting
            _step_if(finite, optimizer)
            increment_version(movable)  # a fused step does not, and autograd would miss the move
            optimizer.zero_grad()  # frees the gradients before the next turn
            result.norms[turn.player] = norm
            result.skipped.setdefault(turn.player, []).append(~finite)
        for name, loss in turn.losses.items():
            result.losses[f"{turn.player}/{name}"] = loss.detach().mean()
        for name, value in turn.metrics.items():
            result.metrics[f"{turn.player}/{name}"] = value


def _step_if(is_finite: Tensor, optimizer: Optimizer) -> None:
    """Step where `is_finite` holds; for a fused optimizer without waiting for the device."""
    if all(group.get("fused") for group in optimizer.param_groups):
        optimizer.found_inf = (~is_finite).float()  # type: ignore[attr-defined]
        optimizer.step()
        del optimizer.found_inf  # type: ignore[attr-defined]
    elif is_finite:
        optimizer.step()


def _next(recipe: Recipe, turns: Iterator[Turn], device: str) -> Turn | None:
    before = _modes(device)
    with plugin_code(recipe, "step"):
        turn = next(turns, None)
    if _modes(device) != before:
        torch.set_grad_enabled(True)
        raise PluginError(
            f"{type(recipe).__name__}.step yields inside `with torch.no_grad()` or `autocast`, "
            "which would leak into the engine. Close the block before the yield."
            f"{at_yield(recipe, 'step', turns)}"
        )
    if turn is not None and not isinstance(turn, Turn):
        raise PluginError(
            f"{type(recipe).__name__}.step yielded {short_repr(turn)}, which is no Turn: a step "
            f"must yield Turn(player, name=loss).{at_yield(recipe, 'step', turns)}"
        )
    return turn


def _modes(device: str) -> tuple[Any, ...]:
    return (
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.is_autocast_enabled(device),
        torch.get_autocast_dtype(device),
    )


@contextmanager
def _explain_errors(recipe: Recipe, turn: Turn, turns: Iterator[Turn]) -> Iterator[None]:
    """Raise the common errors of autograd in a plugin author's words."""
    try:
        yield
    except Exception as error:
        where = f"{type(recipe).__name__}, turn of {turn.player!r}"
        at = at_yield(recipe, "step", turns)
        if "modified by an inplace operation" in message_of(error):
            raise PluginError(
                f"{where}: a loss was computed before a network that it came through had moved. "
                f"Compute a turn's losses after the previous yield.{at}"
            ) from error
        if "backward through the graph a second time" in message_of(error):
            raise PluginError(
                f"{where}: two turns share one graph, which the first one used up. "
                f"Detach what the first turn does not need, or compute it again.{at}"
            ) from error
        if "does not require grad" in message_of(error):
            raise PluginError(
                f"{where}: no loss depends on any network; was a tensor detached by mistake?{at}"
            ) from error
        if is_explained(error):
            raise
        raise plugin_error(error, recipe, "step", at) from error


def take_step(training: TrainingState, batch: Any, steps: int) -> StepResult:
    """Train on one batch that is on the device: the next step of `steps`."""
    recipe, train = training.recipe, training.config.train
    recipe.iteration = training.step
    for part in recipe.modules():
        if isinstance(part, Progressive):
            part.progress = min(1.0, training.step / (train.schedule_steps or steps))
    set_rates(training.optimizers, training.step, steps, train)
    precision = torch.bfloat16 if train.precision == "bf16" else torch.float32
    result = take_turns(recipe, batch, training.optimizers, precision, train.clip_norm)
    if training.average:
        training.average.update_parameters(recipe)
    training.step += 1
    return result
