"""Turns of a recipe, and the losses and updates that tests compute by hand."""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from translate.recipe import Recipe, Turn


def advance_to_turn(recipe: Recipe, batch: Any, number: int) -> tuple[Iterator[Turn], Turn]:
    """Return a step that is suspended at turn `number` (from 0), and that turn."""
    step = recipe.step(batch)
    for _ in range(number):
        next(step)
    return step, next(step)


def random_images(*shape: int, seed: int = 1) -> Tensor:
    """Return uniform noise in [-1, 1], in double precision."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)).double() * 2 - 1


def cross_entropy(scores: Tensor, real: bool) -> Tensor:
    """Return the mean cross entropy of the logits of real or of generated images."""
    probabilities = torch.sigmoid(scores)
    return -(probabilities if real else 1 - probabilities).log().mean()


def discriminator_loss(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """Return the sum of the cross entropies of real and of generated images."""
    return cross_entropy(real_scores, real=True) + cross_entropy(fake_scores, real=False)


def sigmoid(logit: float) -> float:
    """Return the probability of a logit."""
    return 1 / (1 + math.exp(-logit))


def record_batch_sizes(network: nn.Module) -> list[int]:
    """Return a list that collects the batch size of each forward pass of `network`."""
    batch_sizes: list[int] = []
    network.register_forward_hook(
        lambda _network, inputs, _output: batch_sizes.append(len(inputs[0]))
    )
    return batch_sizes


def change_weights_(*networks: nn.Module) -> None:
    """Add 0.05 to all weights, as if an optimizer had updated them."""
    with torch.no_grad():
        for network in networks:
            for parameter in network.parameters():
                parameter += 0.05
