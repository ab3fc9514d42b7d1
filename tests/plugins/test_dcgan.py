"""DCGAN of Radford et al. (2016) and of the authors' code."""

import pytest
import small_gans
import torch
from specs import image_spec
from torch import nn

from translate.engine.optimization.step import take_step
from translate.registry import create, find

NAME = "dcgan"


def test_the_generator_turn_uses_the_images_of_the_discriminator_turn() -> None:
    training, batch = small_gans.build_state(NAME), small_gans.random_batch()
    inputs = small_gans.record_inputs(training.recipe.discriminator)
    take_step(training, batch, 10)
    real, fake, fake_of_generator_turn = inputs  # each in its own batch
    assert torch.equal(real, batch.images)
    assert torch.equal(fake, fake_of_generator_turn)


def test_defaults_are_those_of_the_paper_except_for_its_size_of_64_pixels() -> None:
    defaults = find("recipe", NAME).defaults
    assert (defaults["data"]["layout"], defaults["data"]["size"]) == ("images", 32)
    recipe = create("recipe", NAME, spec=image_spec((64, 64), ("bedrooms",)))
    noise = recipe.latents(500)
    assert noise.shape == (500, 100, 1, 1)
    assert (noise.min() + 1).abs() < 0.01 > (noise.max() - 1).abs()  # uniform
    kernels = [p for p in recipe.modules() if isinstance(p, (nn.Conv2d, nn.ConvTranspose2d))]
    for kernel in kernels:
        assert kernel.weight.std().item() == pytest.approx(0.02, rel=0.1)
    # numbers of parameters of the networks of pytorch/examples, which are those of the paper
    assert sum(p.numel() for p in recipe.generator.parameters()) == 3_576_704
    assert sum(p.numel() for p in recipe.discriminator.parameters()) == 2_765_568


def test_a_sample_does_not_depend_on_its_batch() -> None:
    training = small_gans.build_state(NAME)
    for seed in range(3):
        take_step(training, small_gans.random_batch(seed=seed), 10)
    recipe = training.recipe.eval()
    noise = recipe.latents(5)
    with torch.no_grad():
        single_outputs = torch.cat([recipe.draw(one) for one in noise.split(1)])
        assert torch.allclose(recipe.draw(noise), single_outputs, atol=1e-6)
