"""Small recipes of CUT and FastCUT, and PatchNCE, their contrastive loss, in plain PyTorch."""

from collections.abc import Mapping

import torch
from specs import image_spec
from torch import Tensor, nn
from turns import random_images

from translate.batches import Pair
from translate.nn.noise import temporary_seed
from translate.recipe import Turn
from translate.registry import create_recipe

SPEC = image_spec((16, 16), ("summer", "winter"))
RESNET = {"name": "resnet", "width": 2, "blocks": 1, "downsamplings": 1, "antialias": True}
PATCH = {"name": "patch", "width": 2, "layers": 1, "antialias": True}
ALL_PATCHES = 10_000
"""more patches than there are positions, so that all are used and the loss is not random"""


def build_recipe(name: str = "cut", **options: object) -> nn.Module:
    """Return a small recipe with random weights and biases everywhere."""
    with temporary_seed(0):
        settings = {"generator": RESNET, "discriminator": PATCH, "patches": ALL_PATCHES}
        recipe = create_recipe({"name": name, **settings, **options}, spec=SPEC).double()
        for parameter in recipe.parameters():
            nn.init.normal_(parameter, 0.0, 0.3)
    return recipe


def random_pair(count: int = 2, seed: int = 1) -> Pair:
    """Return random images of both domains, in double precision."""
    return Pair(*random_images(2, count, 3, 16, 16, seed=seed))


def patch_loss(recipe: nn.Module, output: list[Tensor], source: list[Tensor]) -> Tensor:
    """Return the loss of equation 4 over all positions, averaged over layers and images."""
    layers = []
    for head, *features in zip(recipe.patch_nce.heads, output, source, strict=True):
        vectors = [head(feature.flatten(2).mT) for feature in features]
        query, key = (v / (v.square().sum(2, keepdim=True).sqrt() + 1e-7) for v in vectors)
        logits = torch.einsum("nqc,nkc->nqk", query, key.detach()) / 0.07
        positive = torch.diagonal(logits, dim1=1, dim2=2)
        layers.append((logits.logsumexp(2) - positive).mean())
    return torch.stack(layers).mean()


def assert_same_losses(recipe: nn.Module, turn: Turn, expected: Mapping[str, Tensor]) -> None:
    """Compare the losses of the generator's turn and their gradients."""
    assert (turn.player, turn.losses.keys()) == ("generator", expected.keys())
    for name, loss in expected.items():
        assert torch.allclose(turn.losses[name].mean(), loss, rtol=1e-12), name
    weights = [*recipe.generator.parameters(), *recipe.patch_nce.parameters()]
    gradients = torch.autograd.grad(turn.total, weights)
    expected_gradients = torch.autograd.grad(torch.stack([*expected.values()]).sum(), weights)
    torch.testing.assert_close(gradients, expected_gradients, rtol=1e-9, atol=1e-13)


def flips(seed: int) -> bool:
    """Return whether FastCUT flips its source in a step that starts at `seed`."""
    with temporary_seed(seed):
        return bool(torch.rand(()) < 0.5)


UNFLIPPED = next(seed for seed in range(100) if not flips(seed))
FLIPPED = next(seed for seed in range(100) if flips(seed))
"""a seed that lets FastCUT not flip its source, and a seed that lets it"""
