"""One player's update, by the gradients of its turn for each part of a batch."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from torch import Tensor
from torch.autograd.graph import increment_version
from torch.nn.utils import clip_grads_with_norm_, get_total_norm
from torch.optim import Optimizer

from translate.engine.plugins.errors import at_yield, is_explained, plugin_error
from translate.engine.processes.distributed import average_gradients
from translate.errors import PluginError, message_of, suggest
from translate.recipe import Recipe, Turn


class Norm(NamedTuple):
    """The norm of a gradient before clipping; scalars on the device."""

    value: Tensor
    finite: Tensor
    """whether the norm and the loss are finite, on every process alike"""


class Move:
    """The update of one player by the turns of all parts of a batch.

    Args:
        recipe: The recipe that yields the turns.
        optimizers: The optimizer of each player.
        parts: Number of parts.
    """

    def __init__(self, recipe: Recipe, optimizers: Mapping[str, Optimizer], parts: int) -> None:
        self.recipe, self.optimizers, self.parts = recipe, optimizers, parts
        self.player = ""
        """whose turn it is; empty where the step has ended"""
        self.losses: dict[str, Tensor] = {}
        """means over the parts, by ``player/name``"""
        self.metrics: dict[str, Tensor] = {}
        self._movable: list[Tensor] = []
        self._total: Tensor | None = None
        self._added = 0

    def add(self, turn: Turn | None, turns: Iterator[Turn]) -> None:
        """Add the gradients of the turn of one part; None: its step has ended.

        Raises:
            PluginError: The turn is another player's than that of the part before, or the recipe
                breaks another rule of ``yield``.
        """
        player = turn.player if turn else ""
        if self._added and player != self.player:
            names = (repr(name) if name else "no turn" for name in (self.player, player))
            raise PluginError(
                f"{type(self.recipe).__name__}: parts of one batch yielded different turns, "
                f"{' and '.join(names)}: set train.accumulate to 1"
                f"{at_yield(self.recipe, 'step', turns)}"
            )
        if turn and not self._added:
            self._begin(turn, turns)
        self._added += 1
        if not turn:
            return
        if self._movable:  # none if the player is frozen
            with _explain_errors(self.recipe, turn, turns):
                total = turn.total / self.parts if self.parts > 1 else turn.total
                total.backward(inputs=self._movable)  # only this player accumulates gradient
            detached = total.detach()
            self._total = detached if self._total is None else self._total + detached
        for name, loss in turn.losses.items():
            self._record(self.losses, name, loss.detach().mean())
        for name, value in turn.metrics.items():
            self._record(self.metrics, name, value)

    def make(self, clip_norm: float | None) -> Norm | None:
        """Update the weights where loss and gradients are finite; None for a frozen player."""
        if self._total is None:
            return None
        movable, optimizer = self._movable, self.optimizers[self.player]
        total = average_gradients(movable, self._total)
        norm = get_total_norm([p.grad for p in movable if p.grad is not None])
        finite = (norm + total).isfinite()
        if clip_norm:
            clip_grads_with_norm_(movable, clip_norm, norm)  # on the device, without waiting
        _step_if(finite, optimizer)
        increment_version(movable)  # a fused step does not, and autograd would miss the move
        optimizer.zero_grad()  # frees the gradients before the next turn
        return Norm(norm, finite)

    def _begin(self, turn: Turn, turns: Iterator[Turn]) -> None:
        if turn.player not in self.optimizers:
            raise PluginError(
                f"{type(self.recipe).__name__}: no optimizer is called {turn.player!r}."
                f"{suggest(turn.player, self.optimizers)}{at_yield(self.recipe, 'step', turns)}"
            )
        groups = self.optimizers[turn.player].param_groups
        self.player = turn.player
        self._movable = [p for group in groups for p in group["params"] if p.requires_grad]

    def _record(self, values: dict[str, Tensor], name: str, value: Tensor) -> None:
        key = f"{self.player}/{name}"
        if self.parts > 1:
            value = value / self.parts + values.get(key, 0)
        values[key] = value


def _step_if(is_finite: Tensor, optimizer: Optimizer) -> None:
    """Step where `is_finite` holds; for a fused optimizer without waiting for the device."""
    if all(group.get("fused") for group in optimizer.param_groups):
        optimizer.found_inf = (~is_finite).float()  # type: ignore[attr-defined]
        optimizer.step()
        del optimizer.found_inf  # type: ignore[attr-defined]
    elif is_finite:
        optimizer.step()


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
