"""The rule that gradients of each turn's loss are correct, tested by finite differences."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map

from translate.contract.recipes.subject import STEPS, RecipeSubject
from translate.engine.system.randomness import seed_everything
from translate.nn.noise import temporary_seed
from translate.recipe import Recipe, Turn

STEP_SIZES = (1e-6, 1e-7, 1e-8)
"""relative to the root mean square of the weights; smaller steps cross fewer kinks of ReLUs"""
TOLERANCE = 1e-3
"""largest accepted difference, relative to the norm of the gradient"""


def has_correct_gradients(subject: RecipeSubject) -> str | None:
    """Have gradients that agree with finite differences, in double precision, for each player.

    Tensors that are detached or computed without gradients count as constants.
    """
    training = subject.build()
    recipe = training.recipe
    names = {id(parameter): name for name, parameter in recipe.named_parameters()}
    players = {
        player: [names[id(p)] for g in o.param_groups for p in g["params"] if id(p) in names]
        for player, o in training.optimizers.items()
    }
    with _double_precision():
        recipe.double()
        batch = tree_map(_to_double, subject.batch(0))
        untested = dict(players)
        for iteration in range(STEPS):
            recipe.iteration = iteration
            try:
                turns = [turn.player for turn in _copy(recipe, {}).step(batch)]
            except RuntimeError as error:
                if any(words in str(error) for words in ("dtype", "scalar type", " type (")):
                    return f"it does not run in double precision ({error})"
                raise
            for number, player in enumerate(turns):
                if weights := untested.pop(player, None):
                    _check(recipe, batch, number, player, weights)
            if not untested:
                break
    return None


def _check(recipe: Recipe, batch: Any, number: int, player: str, names: list[str]) -> None:
    """Compare the directional derivative of a turn's total loss along one random direction."""
    constants = _Constants()
    copy = _copy(recipe, {})
    weights = [p for name, p in copy.named_parameters() if name in names and p.requires_grad]
    total = _total(copy, batch, number, constants)
    gradients = torch.autograd.grad(total, weights, allow_unused=True, materialize_grads=True)
    with temporary_seed(1):
        directions = [_scale(weight) * torch.randn_like(weight) for weight in weights]
    trainable = [n for n, p in copy.named_parameters() if n in names and p.requires_grad]
    slope = sum(
        float((g * direction).sum()) for g, direction in zip(gradients, directions, strict=True)
    )
    squared_norm = sum(
        float((g * _scale(w)).square().sum()) for g, w in zip(gradients, weights, strict=True)
    )
    differences = []
    for size in STEP_SIZES:
        values = []
        for step in (size, -size):
            moves = {
                name: step * direction
                for name, direction in zip(trainable, directions, strict=True)
            }
            copy = _copy(recipe, moves)
            values.append(float(_total(copy, batch, number, constants.replay()).detach()))
        differences.append((values[0] - values[1]) / (2 * size))
        if abs(differences[-1] - slope) <= TOLERANCE * max(abs(slope), squared_norm**0.5) + 1e-7:
            return
    raise AssertionError(
        f"Turn of {player!r}: {slope:.6g} by autograd, {differences[-1]:.6g} by finite differences."
    )


def _scale(weight: Tensor) -> float:
    """Return the root mean square of a weight, which scales its steps."""
    return float(weight.detach().square().mean().sqrt()) or 0.01


def _total(recipe: Recipe, batch: Any, number: int, constants: "_Constants") -> Tensor:
    """Return the total loss of turn `number` of a step, before any update."""
    seed_everything(0)
    with constants:
        turns: Iterator[Turn] = recipe.step(batch)
        for _ in range(number):
            next(turns)
        return next(turns).total


def _copy(recipe: Recipe, moves: Mapping[str, Tensor]) -> Recipe:
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
        self.recorded = recorded
        self.position = 0

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
        """Return `value`, or in a replay the recorded one, which in-place calls also write."""
        if not (isinstance(value, Tensor) and value.is_floating_point()):
            return value
        if self.recorded is None:
            self.constants.append(value.detach().clone())
            return value
        recorded = self.recorded[self.position]
        self.position += 1
        if any(value is each for each in targets):
            with torch.no_grad():
                return value.copy_(recorded)
        return recorded.clone()
