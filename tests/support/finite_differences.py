"""Step through the turns of a recipe, and compare gradients with finite differences."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from translate.recipe import Recipe, Turn


def advance_to_turn(recipe: Recipe, batch: Any, number: int) -> tuple[Iterator[Turn], Turn]:
    """Return a step that is suspended at turn `number`, and that turn."""
    step = recipe.step(batch)
    for _ in range(number):
        next(step)
    return step, next(step)


def check_gradients(recipe: Recipe, batch: Any, number: int, players: dict[str, Any]) -> None:
    """Assert that a turn's gradients equal central differences of its total loss."""
    torch.manual_seed(0)
    _, turn = advance_to_turn(recipe, batch, number)
    movable = [p for g in players[turn.player].param_groups for p in g["params"]]
    gradients = torch.autograd.grad(turn.total, movable, materialize_grads=True)

    def total() -> float:
        torch.manual_seed(0)
        return advance_to_turn(recipe, batch, number)[1].total.item()

    checked = 0
    for parameter, gradient in list(zip(movable, gradients, strict=True))[::2]:
        flat, slope = parameter.data.view(-1), gradient.reshape(-1)
        place = int(slope.abs().argmax())
        _check_one(flat, place, slope[place], total)
        checked += 1
    assert checked >= 2


def _check_one(flat: Tensor, place: int, slope: Tensor, total: Callable[[], float]) -> None:
    before, width = flat[place].item(), 1e-6
    values = []
    for step in (width, -width):
        flat[place] = before + step
        values.append(total())
    flat[place] = before
    found = (values[0] - values[1]) / (2 * width)
    assert abs(found - slope.item()) <= 1e-5 * max(1.0, abs(found))
