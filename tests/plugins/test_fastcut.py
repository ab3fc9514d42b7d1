"""FastCUT of Park et al. (2020) and their code, against plain PyTorch."""

import pytest
import torch
from small_cut import (
    FLIPPED,
    RESNET,
    UNFLIPPED,
    assert_same_losses,
    build_recipe,
    patch_loss,
    random_pair,
)
from torch import nn
from turns import advance_to_turn

from translate.batches import Pair
from translate.nn.noise import temporary_seed


@pytest.mark.parametrize("seed", [UNFLIPPED, FLIPPED])
def test_half_of_the_sources_are_flipped_and_their_features_are_flipped_back(seed: int) -> None:
    recipe, (source, target) = build_recipe("fastcut"), random_pair()
    with temporary_seed(seed):
        _, turn = advance_to_turn(recipe, Pair(source, target), 1)
    flip = (lambda x: x.flip(3)) if seed == FLIPPED else (lambda x: x)
    fake = recipe.generator(flip(source))
    output_features = [flip(feature) for feature in recipe.generator.features(fake)]
    source_features = recipe.generator.features(source)
    expected = {
        "gan": ((recipe.discriminator(fake) - 1) ** 2).mean(),
        "nce": 10 * patch_loss(recipe, output_features, source_features),
    }
    assert_same_losses(recipe, turn, expected)


def test_a_symmetric_generator_has_the_same_loss_for_a_flipped_source() -> None:
    """Symmetric kernels without downsampling commute with a flip."""
    recipe = build_recipe("fastcut", generator={**RESNET, "downsamplings": 0, "antialias": False})
    with torch.no_grad():
        for layer in recipe.generator.modules():
            if isinstance(layer, nn.Conv2d):
                layer.weight.copy_((layer.weight + layer.weight.flip(3)) / 2)
    losses = []
    for seed in (UNFLIPPED, FLIPPED):
        with temporary_seed(seed):
            _, turn = advance_to_turn(recipe, random_pair(), 1)
        losses.append(turn.losses["nce"])
    torch.testing.assert_close(*losses)
