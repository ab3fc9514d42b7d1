"""Previews: a recipe's own images, with the weights of inference."""

from typing import Any, cast

import torch
from torch import Tensor

from translate.engine.checkpoints.state import TrainingState
from translate.engine.system import randomness
from translate.engine.system.randomness import seed_everything
from translate.nn.modes import mode, unchanged_buffers
from translate.recipe import Recipe


@torch.no_grad()
def draw_preview(training: TrainingState, batch: Any) -> dict[str, Tensor]:
    """Return the recipe's preview of `batch`, with the weights that inference would use.

    Looking changes nothing.
    """
    average, before = training.average, randomness.random_state()
    recipe = cast(Recipe, average.module) if average else training.recipe
    seed_everything(training.config.train.seed)
    try:
        with mode(recipe, training=False), unchanged_buffers(recipe):
            return recipe.preview(batch)
    finally:
        randomness.restore_random_state(before)
