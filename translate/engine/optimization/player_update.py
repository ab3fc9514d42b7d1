"""One optimizer step of one player, from gradients accumulated over microbatches."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from torch import Tensor
from torch.autograd.graph import increment_version
from torch.nn.utils import clip_grads_with_norm_, get_total_norm
from torch.optim import Optimizer

from translate.engine.optimization.networks.sharding import backpropagate, reshard
from translate.engine.plugins.errors import is_explained, plugin_error, yield_location
from translate.engine.processes.distributed import average_gradients, explain_peer_failure
from translate.engine.processes.sharded_tensors import full_tensor, is_sharded
from translate.errors import PluginError, message_of, suggest
from translate.recipe import Recipe, Turn


class GradientNorm(NamedTuple):
    """The norm of a player's gradient before clipping, as scalars on the device."""

    value: Tensor
    finite: Tensor
    """whether both the norm and the loss are finite; all processes get the same value"""


class PlayerUpdate:
    """The update of one player by the sum of the gradients of all microbatches of a batch."""

    def __init__(
        self, recipe: Recipe, optimizers: Mapping[str, Optimizer], microbatches: int
    ) -> None:
        self.recipe, self.optimizers, self.microbatches = recipe, optimizers, microbatches
        self.player = ""
        """the player of the turns; empty if the generators have yielded their last turns"""
        self.losses: dict[str, Tensor] = {}
        """mean losses over the microbatches, by ``player/name``"""
        self.metrics: dict[str, Tensor] = {}
        self._trainable: list[Tensor] = []
        self._mean_loss: Tensor | None = None
        self._microbatches_added = 0

    def backpropagate(self, turn: Turn | None, turns: Iterator[Turn]) -> None:
        """Backpropagate the losses of the turn of one microbatch.

        Args:
            turn: The turn; None if `turns` has ended.
            turns: The generator that yielded it; errors name its line.

        Raises:
            PluginError: The turn names no optimizer, its losses cannot be backpropagated, or
                microbatches disagree on the player.
        """
        player = turn.player if turn else ""
        if self._microbatches_added and player != self.player:
            names = (repr(name) if name else "no turn" for name in (self.player, player))
            raise PluginError(
                f"{type(self.recipe).__name__}: microbatches of one batch yielded different turns, "
                f"{' and '.join(names)}: set train.accumulate to 1"
                f"{yield_location(self.recipe, turns)}"
            )
        if turn and not self._microbatches_added:
            self._begin(turn, turns)
        self._microbatches_added += 1
        if not turn:
            return
        if self._trainable:  # none if the player is frozen
            with _explain_errors(self.recipe, turn, turns):
                total = turn.total / self.microbatches if self.microbatches > 1 else turn.total
                with explain_peer_failure():
                    backpropagate(total, self._trainable)  # other players' gradients are dropped
            detached = total.detach()
            self._mean_loss = detached if self._mean_loss is None else self._mean_loss + detached
        for name, loss in turn.losses.items():
            self._record(self.losses, name, loss.detach().mean())
        for name, value in turn.metrics.items():
            self._record(self.metrics, name, value)

    def apply(self, clip_norm: float | None) -> GradientNorm | None:
        """Update the weights if loss and gradients are finite; return None for a frozen player."""
        if self._mean_loss is None:
            return None
        trainable, optimizer = self._trainable, self.optimizers[self.player]
        sharded = is_sharded(trainable[0])
        if sharded:
            reshard(self.recipe)
        total = average_gradients([] if sharded else trainable, self._mean_loss)
        with explain_peer_failure():
            norm = full_tensor(get_total_norm([p.grad for p in trainable if p.grad is not None]))
        finite = (norm + total).isfinite()
        if clip_norm:
            clip_grads_with_norm_(trainable, clip_norm, norm)  # on the device, without waiting
        _step_if(finite, optimizer)
        increment_version(
            trainable
        )  # fused optimizers do not do so, and autograd would not detect the update
        optimizer.zero_grad()  # frees the gradients before the next turn
        if sharded:
            self.recipe.zero_grad()
        return GradientNorm(norm, finite)

    def _begin(self, turn: Turn, turns: Iterator[Turn]) -> None:
        if turn.player not in self.optimizers:
            raise PluginError(
                f"{type(self.recipe).__name__}: no optimizer is called {turn.player!r}."
                f"{suggest(turn.player, self.optimizers)}"
                f"{yield_location(self.recipe, turns)}"
            )
        groups = self.optimizers[turn.player].param_groups
        self.player = turn.player
        self._trainable = [p for group in groups for p in group["params"] if p.requires_grad]

    def _record(self, values: dict[str, Tensor], name: str, value: Tensor) -> None:
        key = f"{self.player}/{name}"
        if self.microbatches > 1:
            value = value / self.microbatches + values.get(key, 0)
        values[key] = value


def _step_if(is_finite: Tensor, optimizer: Optimizer) -> None:
    """Take a step of `optimizer` if `is_finite`; fused optimizers do not wait for its value."""
    # fused optimizers skip the step on the device if found_inf, which GradScaler sets, is 1
    if all(group.get("fused") for group in optimizer.param_groups):
        optimizer.found_inf = (~is_finite).float()  # type: ignore[attr-defined]
        optimizer.step()
        del optimizer.found_inf  # type: ignore[attr-defined]
    elif is_finite:
        optimizer.step()


@contextmanager
def _explain_errors(recipe: Recipe, turn: Turn, turns: Iterator[Turn]) -> Iterator[None]:
    """Replace errors of autograd by errors that explain the mistake in the recipe."""
    try:
        yield
    except Exception as error:
        where = f"{type(recipe).__name__}, turn of {turn.player!r}"
        location = yield_location(recipe, turns)
        if "modified by an inplace operation" in message_of(error):
            raise PluginError(
                f"{where}: a network was updated after a loss that depends on it had been "
                f"computed. Compute a turn's losses after the previous yield.{location}"
            ) from error
        if "backward through the graph a second time" in message_of(error):
            raise PluginError(
                f"{where}: two turns use one autograd graph, which is freed by the first. "
                f"Detach what the first turn does not need, or compute it again.{location}"
            ) from error
        if "does not require grad" in message_of(error):
            raise PluginError(
                f"{where}: no loss depends on any network; was a tensor detached by "
                f"mistake?{location}"
            ) from error
        if is_explained(error):
            raise
        raise plugin_error(error, recipe, "step", location) from error
