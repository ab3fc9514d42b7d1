"""DeblurGAN of Kupyn et al. (2018): defaults, networks of the authors' code, and restoration."""

import pytest
import torch
from small_cut import random_pair
from small_deblurgan import PATCH, RESNET, SPEC, build_recipe, scalar_recipe
from specs import image_spec
from torch import nn

from translate.engine.optimization.step import take_turns
from translate.errors import ConfigError
from translate.nn.noise import temporary_seed
from translate.registry import create, find


def test_defaults_are_those_of_the_paper() -> None:
    defaults = find("recipe", "deblurgan").defaults
    assert defaults["data"] == {"layout": "paired", "size": 256, "resize": "none"}
    assert (defaults["train"]["epochs"], defaults["train"]["batch_size"]) == (300, 1)
    recipe = create("recipe", "deblurgan", spec=SPEC)
    assert (recipe.critic_steps, recipe.gradient_penalty_weight) == (5, 10.0)
    assert recipe.pixel_weight == 0.0


def test_networks_are_those_of_the_authors_code() -> None:
    recipe = create("recipe", "deblurgan", spec=image_spec((256, 256), ("blurred", "sharp")))
    assert sum(p.numel() for p in recipe.generator.parameters()) == 11_378_179
    dropouts = [part for part in recipe.generator.modules() if isinstance(part, nn.Dropout)]
    assert [dropout.p for dropout in dropouts] == [0.5] * 9
    convolutions = [part for part in recipe.critic.modules() if isinstance(part, nn.Conv2d)]
    assert convolutions[0].in_channels == 3  # of one image, not of a pair
    assert [conv.padding for conv in convolutions] == [(2, 2)] * 5
    assert sum(p.numel() for p in recipe.critic.parameters()) == 2_764_737


def test_a_batch_dependent_critic_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"critic: .* choose one without, such as \{name: patch"):
        build_recipe(critic={**PATCH, "norm": "batch"})


@pytest.mark.parametrize(
    ("options", "message"),
    [({"gradient_penalty": "v2"}, "gradient_penalty"), ({"critic_steps": 0}, "critic_steps")],
)
def test_invalid_options_are_refused(options, message) -> None:
    with pytest.raises(ConfigError, match=message):
        build_recipe(**options)


def test_the_output_of_the_generator_is_added_and_the_sum_is_clamped() -> None:
    recipe = scalar_recipe()
    blurred = torch.tensor([-1.0, 0.0, 0.5, 0.9]).view(1, 1, 2, 2).expand(1, 3, 2, 2)
    expected = torch.tensor([-0.75, 0.25, 0.75, 1.0]).view(1, 1, 2, 2).expand(1, 3, 2, 2)
    assert torch.equal(recipe.restore(blurred), expected)
    assert torch.equal(recipe.translate(blurred, to="sharp"), expected)
    recipe.generator.value.data.neg_()
    assert torch.equal(recipe.restore(-blurred), -expected)


def test_restoration_is_deterministic_without_dropout() -> None:
    recipe = build_recipe(generator={**RESNET, "dropout": 0.5})
    with temporary_seed(2):
        for _ in range(3):
            take_turns(recipe, random_pair(), recipe.optimizers())
    blurred = random_pair().source
    with torch.no_grad():
        first, second = recipe.restore(blurred), recipe.restore(blurred)
        assert (first - second).abs().max() > 1e-4  # in training, with dropout
        recipe.eval()
        first, second = (recipe.translate(blurred, to="sharp") for _ in range(2))
        assert torch.equal(first, second)
        without_dropout = build_recipe()
        without_dropout.generator.load_state_dict(
            {  # dropout is layer 5, and shifts the second convolution of a block
                key.replace("conv_block.6", "conv_block.5"): tensor
                for key, tensor in recipe.generator.state_dict().items()
            }
        )
        assert torch.equal(first, without_dropout.restore(blurred))


def test_a_preview_shows_blurred_restored_and_sharp() -> None:
    recipe, pair = build_recipe().eval(), random_pair()
    blurred, output, target = recipe.preview(pair).values()
    assert torch.equal(blurred, pair.source) and torch.equal(target, pair.target)
    assert torch.equal(output, recipe.restore(pair.source))
