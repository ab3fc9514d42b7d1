"""The rule that gradients of each turn's loss are correct, tested by finite differences."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from itertools import islice
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map

from translate.contract.recipes.subject import STEPS, RecipeSubject
from translate.engine.system.randomness import seed_everything
from translate.nn.noise import temporary_seed
from translate.recipe import Recipe

STEP_SIZES = (1e-6, 1e-7, 1e-8)
"""steps along a random direction, relative to the root mean square of the weights; if a step
crosses the kink of a ReLU, a smaller one may not"""
TOLERANCE = 1e-3
"""largest accepted difference, relative to the norm of the gradient"""


def has_correct_gradients(subject: RecipeSubject) -> str | None:
    """Have gradients that agree with finite differences, in double precision, for each player.

    Tensors that are detached or computed without gradients count as constants.
    """
    training = subject.build()
    recipe = training.recipe
    names = {id(parameter): name for name, parameter in recipe.named_parameters()}
    untested = {  # names of each player's weights
        player: [names[id(p)] for g in o.param_groups for p in g["params"] if id(p) in names]
        for player, o in training.optimizers.items()
    }
    with _double_precision():
        recipe.double()
        batch = tree_map(_to_double, subject.batch(0))
        for iteration in range(STEPS):
            recipe.iteration = iteration
            try:
                turns = [turn.player for turn in _moved_copy(recipe, {}).step(batch)]
            except RuntimeError as error:
                if any(words in str(error) for words in ("dtype", "scalar type", " type (")):
                    return f"it does not run in double precision ({error})"
                raise
            for turn_index, player in enumerate(turns):
                if weight_names := untested.pop(player, None):
                    _compare_gradients(recipe, batch, turn_index, player, weight_names)
            if not untested:
                break
    return None


def _compare_gradients(
    recipe: Recipe, batch: Any, turn_index: int, player: str, names: list[str]
) -> None:
    """Compare the derivative of a turn's total loss along a random direction with differences."""
    constants = _Constants()
    copy = _moved_copy(recipe, {})
    weights = {n: p for n, p in copy.named_parameters() if n in names and p.requires_grad}
    total = _total_loss(copy, batch, turn_index, constants)
    gradients = torch.autograd.grad(
        total, [*weights.values()], allow_unused=True, materialize_grads=True
    )
    scales = [float(weight.detach().square().mean().sqrt()) or 0.01 for weight in weights.values()]
    with temporary_seed(1):
        noise = [torch.randn_like(weight) for weight in weights.values()]
    scaled_gradients = [g * scale for g, scale in zip(gradients, scales, strict=True)]
    slope = sum(float((g * n).sum()) for g, n in zip(scaled_gradients, noise, strict=True))
    norm = sum(float(g.square().sum()) for g in scaled_gradients) ** 0.5
    for size in STEP_SIZES:
        values = []
        for step in (size, -size):
            moves = {
                name: step * scale * direction
                for name, scale, direction in zip(weights, scales, noise, strict=True)
            }
            copy = _moved_copy(recipe, moves)
            values.append(float(_total_loss(copy, batch, turn_index, constants.replay()).detach()))
        difference = (values[0] - values[1]) / (2 * size)
        if abs(difference - slope) <= TOLERANCE * max(abs(slope), norm) + 1e-7:
            return
    raise AssertionError(
        f"Turn of {player!r}: {slope:.6g} by autograd, {difference:.6g} by finite differences."
    )


def _total_loss(recipe: Recipe, batch: Any, turn_index: int, constants: "_Constants") -> Tensor:
    """Return the total loss of a turn of a step, before any update."""
    seed_everything(0)
    with constants:
        return next(islice(recipe.step(batch), turn_index, None)).total


def _moved_copy(recipe: Recipe, moves: Mapping[str, Tensor]) -> Recipe:
    """Return a copy of `recipe` with `moves` added to its weights."""
    seed_everything(0)
    copy = deepcopy(recipe)
    with torch.no_grad():
        for name, parameter in copy.named_parameters():
            if name in moves:
                parameter.add_(moves[name])
    return copy


def _to_double(value: Any) -> Any:
    floating = isinstance(value, Tensor) and value.is_floating_point()
    return value.double() if floating else value


@contextmanager
def _double_precision() -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


class _Constants(TorchFunctionMode):
    """Records all tensors that are computed without gradients, or replays recorded ones."""

    def __init__(self, recorded: list[Tensor] | None = None) -> None:
        super().__init__()
        self.constants: list[Tensor] = []
        self.recorded = None if recorded is None else iter(recorded)

    def replay(self) -> "_Constants":
        return _Constants(self.constants)

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        keywords = kwargs or {}
        result = func(*args, **keywords)
        if torch.is_grad_enabled() and func is not Tensor.detach:
            return result
        targets = [each for each in (*args[:1], keywords.get("out")) if isinstance(each, Tensor)]
        if type(result) in (tuple, list):
            return type(result)(self._constant(targets, each) for each in result)
        return self._constant(targets, result)

    def _constant(self, targets: list[Tensor], value: Any) -> Any:
        """Return `value`, or in a replay the recorded value, also copied to in-place targets."""
        if not (isinstance(value, Tensor) and value.is_floating_point()):
            return value
        if self.recorded is None:
            self.constants.append(value.detach().clone())
            return value
        recorded = next(self.recorded)
        if any(value is each for each in targets):
            with torch.no_grad():
                return value.copy_(recorded)
        return recorded.clone()
