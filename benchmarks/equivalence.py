"""Compare our loop with the textbook loop, from the same initial weights."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn
from training_setup import ProgressCallback, TrainingSetup, textbook_loop

from translate.engine.system.randomness import seed_everything


class Difference(NamedTuple):
    """The difference of the two loops after some steps from the same initialization."""

    loss: float
    """largest relative difference of a loss"""
    weights: float
    """norm of the difference of all weights, relative to the norm of their change in training"""


def compare(create: Callable[[], TrainingSetup], out: Path, *, double: bool) -> Difference:
    """Train from the same initial weights by both loops.

    Biases before an instance norm are not compared: their gradient is zero up to rounding.

    Args:
        create: Returns the setup.
        out: The run folder of our loop.
        double: Compute in float64, where a difference is no rounding error.
    """
    setup = create()
    steps = setup.config.train.steps or 0
    recipe = setup.training.recipe
    if double:
        recipe.double()
        for child in recipe.children():
            child.register_forward_pre_hook(lambda _, inputs: tuple(map(_to_double, inputs)))
    initial, textbook_recipe = deepcopy(recipe), deepcopy(recipe)
    if double:
        step = recipe.step
        recipe.step = lambda batch: step(_batch_to_double(batch))  # type: ignore[method-assign]
    our_losses: list[list[float]] = []
    reporter = ProgressCallback(lambda report: our_losses.append(list(report.losses.values())))
    setup.loop(out, steps, reporter).run()

    seed_everything(setup.config.train.seed)
    batches = setup.batches(steps)
    if double:
        batches = [_batch_to_double(batch) for batch in batches]
    loop: Iterator[Any] = textbook_loop(setup, textbook_recipe, iter(batches), fused=True)
    their_losses = [[float(loss) for loss in losses] for losses in islice(loop, steps)]

    ours, textbook, start = (_weights(r) for r in (recipe, textbook_recipe, initial))
    largest = max(
        abs(a - b) / max(abs(b), 1e-12)
        for our_values, their_values in zip(our_losses, their_losses, strict=True)
        for a, b in zip(our_values, their_values, strict=True)
    )
    return Difference(largest, float((ours - textbook).norm() / (textbook - start).norm()))


def _to_double(value: Any) -> Any:
    """Return a tensor, or a list of features, in float64."""
    if isinstance(value, torch.Tensor):
        return value.double()
    return [feature.double() for feature in value]


def _batch_to_double(batch: Any) -> Any:
    return batch._make(p.double() if p.is_floating_point() else p for p in batch)


def _weights(recipe: nn.Module) -> torch.Tensor:
    """Return all weights in one vector, without the biases of convolutions before a norm."""
    skipped = set()
    for module in recipe.modules():
        for first, second in pairwise(module.children()):
            if type(second).__name__ == "InstanceNorm":
                convolution = first[-1] if isinstance(first, nn.Sequential) else first
                skipped.add(getattr(convolution, "bias", None))
    parameters = [p for p in recipe.parameters() if p not in skipped]
    return torch.cat([p.detach().flatten().double() for p in parameters])
