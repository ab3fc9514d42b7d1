"""Evaluate networks during training without an effect on training."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import torch

from translate.engine.checkpoints.state import TrainingState
from translate.engine.system import randomness
from translate.nn.modes import mode, unchanged_buffers
from translate.recipe import Recipe


@contextmanager
def evaluation_mode(training: TrainingState) -> Iterator[Recipe]:
    """Yield the recipe with the weights that inference uses, in evaluation mode.

    In the block, the random state is that of ``train.seed``. At its end modes, buffers and random
    state are restored.
    """
    average, before = training.average, randomness.random_state()
    recipe = cast(Recipe, average.module) if average else training.recipe
    randomness.seed_everything(training.config.train.seed)
    try:
        with torch.no_grad(), mode(recipe, training=False), unchanged_buffers(recipe):
            yield recipe
    finally:
        randomness.restore_random_state(before)
