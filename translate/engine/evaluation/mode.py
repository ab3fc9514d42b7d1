"""Contexts to evaluate networks during training without an effect on training."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import torch

from translate.engine.checkpoints.state import TrainingState
from translate.engine.processes import distributed
from translate.engine.processes.sharded_tensors import full_tensor
from translate.engine.system import randomness
from translate.nn.modes import Progressive, mode, unchanged_buffers
from translate.recipe import Recipe
from translate.registry import create_recipe


@contextmanager
def gathered_weights(training: TrainingState) -> Iterator[None]:
    """Within the block, the first process has the networks with all weights, also if sharded.

    Every process must enter the block. Sharded weights are gathered on the first process, a tensor
    at a time, in a recipe that exists until the block ends.
    """
    if training.config.train.shard == "none":
        yield
        return
    recipe = _inference_recipe(training)
    replica = _new_recipe(training) if distributed.is_first() else None
    target = replica.state_dict() if replica else {}
    for name, tensor in recipe.state_dict().items():
        gathered = full_tensor(tensor.detach())
        if replica:
            target[name].copy_(gathered)
    if replica:
        replica.iteration = recipe.iteration
        for part, copy in zip(recipe.modules(), replica.modules(), strict=True):
            if isinstance(part, Progressive) and isinstance(copy, Progressive):
                copy.progress = part.progress
    training.replica = replica
    try:
        yield
    finally:
        training.replica = None


def _new_recipe(training: TrainingState) -> Recipe:
    """Return a new recipe on the device of the networks, without an effect on random numbers."""
    config, before = training.config, randomness.random_state()
    try:
        recipe = create_recipe({"name": config.recipe, **config.options}, spec=training.spec)
    finally:
        randomness.restore_random_state(before)
    return recipe.to(training.device)


def _inference_recipe(training: TrainingState) -> Recipe:
    """Return the recipe with the weights that inference uses."""
    return cast(Recipe, training.average.module) if training.average else training.recipe


@contextmanager
def evaluation_mode(training: TrainingState) -> Iterator[Recipe]:
    """Yield the recipe with the weights that inference uses, in evaluation mode.

    Random numbers start at ``train.seed``. At the end of the block, modes, buffers and the random
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
