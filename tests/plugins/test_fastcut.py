"""FastCUT of Park et al. (2020) and their code, against plain PyTorch."""

import pytest
import torch
from small_cut import FLIPPED, RESNET, UNFLIPPED, build_recipe, patch_loss, random_pair
from torch import nn
from turns import advance_to_turn

from translate.batches import Pair
from translate.nn.noise import temporary_seed


@pytest.mark.parametrize("seed", [UNFLIPPED, FLIPPED])
def test_half_of_the_sources_of_fastcut_are_flipped_and_features_flipped_back(
    seed: int,
) -> None:
    recipe, (source, target) = build_recipe("fastcut"), random_pair()
    with temporary_seed(seed):
        _, turn = advance_to_turn(recipe, Pair(source, target), 1)
    extract_features, mirrored = recipe.generator.features, seed == FLIPPED
    fake = recipe.generator(source.flip(3) if mirrored else source)
    source_features = [
        feature.flip(3) if mirrored else feature for feature in extract_features(fake)
    ]
    expected = {
        "gan": ((recipe.discriminator(fake) - 1) ** 2).mean(),
        "nce": 10 * patch_loss(recipe, source_features, extract_features(source)),
    }
    assert (turn.player, turn.losses.keys()) == ("generator", expected.keys())
    for name, loss in expected.items():
        assert torch.allclose(turn.losses[name].mean(), loss, rtol=1e-12), name
    weights = [*recipe.generator.parameters(), *recipe.patch_nce.parameters()]
    gradients = torch.autograd.grad(turn.total, weights)
    plain = torch.autograd.grad(torch.stack([*expected.values()]).sum(), weights)
    torch.testing.assert_close(gradients, plain, rtol=1e-9, atol=1e-13)


def test_a_symmetric_generator_has_the_same_loss_for_a_flipped_source() -> None:
    """Symmetric kernels without downsampling: it commutes with a flip."""
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
