"""GANs small enough to compute by hand, and records of their turns."""

from collections.abc import Iterator, Mapping
from typing import Any
from unittest import mock

import torch
from specs import image_spec
from torch import Tensor, nn

from translate.batches import Images, ImageSpec
from translate.engine.checkpoints.state import TrainingState
from translate.engine.config import layers
from translate.engine.optimization.build import build_training
from translate.engine.optimization.step import take_step
from translate.recipe import Recipe, Turn

SPEC = image_spec((8, 8), ("digits",), 1)
MLP = {"name": "mlp", "width": 8, "layers": 1}
NETWORKS: Mapping[str, Mapping[str, Any]] = {
    "gan": {"generator": MLP, "discriminator": MLP},
    "dcgan": {
        "generator": {"name": "dcgan", "width": 4},
        "discriminator": {"name": "dcgan", "width": 4},
    },
    "wgan": {"generator": MLP, "critic": MLP},
    "wgan-gp": {"generator": MLP, "critic": MLP},
}


class ConstantGenerator(nn.Module):
    """Generate 2x2 images of one value: 0.5 times the noise."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(0.5))

    def forward(self, noise: Tensor) -> Tensor:
        return (self.weight * noise).expand(-1, 1, 2, 2)


class MeanDiscriminator(nn.Module):
    """Score an image by twice its mean; its features are its pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(2.0))

    def forward(self, images: Tensor) -> Tensor:
        return self.slope * images.mean(dim=(1, 2, 3))

    def features(self, images: Tensor) -> list[Tensor]:
        return [images.flatten(1)]


def build_state(name: str, spec: ImageSpec = SPEC, **options: Any) -> TrainingState:
    """Return the training state of recipe `name` with small networks, at step 0."""
    document = {
        "options": {**NETWORKS.get(name, {}), **options},
        "data": {"domains": ["digits"], "size": list(spec.size)},
        "train": {"steps": 10_000, "device": "cpu"},
    }
    return build_training(layers.resolve(name, config=document), spec, torch.device("cpu"))


def scalar_recipe(name: str, discriminator: str, **options: Any) -> Recipe:
    """Return a recipe with the two networks above and latents of 1.

    `discriminator` is the recipe's attribute for the `MeanDiscriminator`.
    """
    recipe = build_state(name, **options).recipe
    recipe.generator = ConstantGenerator()
    setattr(recipe, discriminator, MeanDiscriminator())
    recipe.latents = lambda count: torch.ones(count, 1, 1, 1)
    return recipe


def white_batch(count: int = 2) -> Images:
    """Return images of 2x2 pixels, all of them 1."""
    return Images(torch.ones(count, 1, 2, 2))


BATCH_SIZE = 4
"""images of a batch"""


def random_batch(count: int = BATCH_SIZE, seed: int = 0, side: int = 8) -> Images:
    """Return square images of uniform noise in [-1, 1]."""
    random = torch.Generator().manual_seed(seed)
    return Images(torch.rand(count, 1, side, side, generator=random) * 2 - 1)


def players_of_steps(training: TrainingState, steps: int) -> list[list[str]]:
    """Train on a new batch each step; return the players of each step in order."""
    players: list[list[str]] = []
    step = training.recipe.step

    def record_players(batch: Images) -> Iterator[Turn]:
        players.append([])
        for turn in step(batch):
            players[-1].append(turn.player)
            yield turn

    with mock.patch.object(training.recipe, "step", record_players):
        for _ in range(steps):
            take_step(training, random_batch(seed=training.step), 10_000)
    return players


def record_inputs(network: nn.Module) -> list[Tensor]:
    """Return a list that collects the batches that `network` is called with."""
    inputs: list[Tensor] = []

    def record(_network: nn.Module, arguments: tuple[Tensor], _scores: Any) -> None:
        inputs.extend(arguments[0].detach().clone().split(BATCH_SIZE))

    network.register_forward_hook(record)
    return inputs
