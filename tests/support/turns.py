"""Step through the turns of a recipe."""

from collections.abc import Iterator
from typing import Any

from translate.recipe import Recipe, Turn


def advance_to_turn(recipe: Recipe, batch: Any, number: int) -> tuple[Iterator[Turn], Turn]:
    """Return a step that is suspended at turn `number`, and that turn."""
    step = recipe.step(batch)
    for _ in range(number):
        next(step)
    return step, next(step)
