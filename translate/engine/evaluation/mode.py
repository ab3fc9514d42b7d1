"""Evaluate networks during training without an effect on training."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import torch

from translate.engine.checkpoints.state import TrainingState
from translate.engine.processes.sharded_tensors import gather
from translate.engine.system import randomness
from translate.nn.modes import Progressive, mode, unchanged_buffers
from translate.recipe import Recipe


@contextmanager
def gathered_weights(training: TrainingState) -> Iterator[None]:
    """Let the first process use the networks in the block, also where they are sharded.

    Every process must enter the block. Sharded weights are gathered in a recipe on the first one.
    """
    recipe, replica = _inference_recipe(training), training.replica
    parameter = next(training.recipe.parameters())
    if training.config.train.shard == "none":
        yield
        return
    weights = gather(recipe.state_dict())
    if replica:
        replica.load_state_dict(weights)
        replica.iteration = recipe.iteration
        for part, copy in zip(recipe.modules(), replica.modules(), strict=True):
            if isinstance(part, Progressive) and isinstance(copy, Progressive):
                copy.progress = part.progress
        replica.to(parameter.device)
    try:
        yield
    finally:
        if replica:
            replica.cpu()


def _inference_recipe(training: TrainingState) -> Recipe:
    """Return the recipe with the weights that inference uses."""
    return cast(Recipe, training.average.module) if training.average else training.recipe


@contextmanager
def evaluation_mode(training: TrainingState) -> Iterator[Recipe]:
    """Yield the recipe with the weights that inference uses, in evaluation mode.

    In the block, the random state is that of ``train.seed``. At its end modes, buffers and random
    state are restored.
    """
    before = randomness.random_state()
    recipe = training.replica or _inference_recipe(training)
    randomness.seed_everything(training.config.train.seed)
    try:
        with torch.no_grad(), mode(recipe, training=False), unchanged_buffers(recipe):
            yield recipe
    finally:
        randomness.restore_random_state(before)
