"""SRGAN of Ledig et al. (2017), against plain PyTorch, Pillow and kornia."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from kornia.geometry.transform import rescale
from PIL import Image
from specs import image_spec
from torch import Tensor, nn
from turns import advance_to_turn, change_weights_, cross_entropy, discriminator_loss, random_images
from valid_recipe import register_parts

from translate.batches import Images
from translate.errors import ConfigError
from translate.nn.geometry import Geometry
from translate.nn.noise import temporary_seed
from translate.registry import create, find
from translate_plugins.srgan import downscale

SPEC = image_spec((32, 32), ("photos",))
SRRESNET = {"name": "srresnet", "width": 2, "blocks": 1, "norm": "none"}
PATCH = {"name": "patch", "width": 2, "layers": 1}


class Bicubic(nn.Module):
    """Upscales by interpolation, times a weight of 1."""

    def __init__(self, in_channels: int, out_channels: int, *, scale: int = 1) -> None:
        super().__init__()
        assert in_channels == out_channels
        self.gain, self.geometry = nn.Parameter(torch.ones(())), Geometry(scale=scale)

    def forward(self, x: Tensor) -> Tensor:
        return self.gain * F.interpolate(x, scale_factor=self.geometry.scale, mode="bicubic")


def build(**options: object) -> nn.Module:
    with temporary_seed(0):
        part = {"name": "srgan", "generator": SRRESNET, "discriminator": PATCH, "content": "l2"}
        return create("recipe", {**part, **options}, spec=SPEC).double()


def batch(count: int = 2) -> Images:
    return Images(random_images(count, 3, 32, 32))


@pytest.mark.parametrize("factor", [2, 4])
def test_the_discriminator_turn_is_first_and_gets_full_size_images(factor: int) -> None:
    recipe, (large,) = build(scale=factor), batch()
    _, turn = advance_to_turn(recipe, Images(large), 0)
    small = F.interpolate(large, scale_factor=1 / factor, mode="bicubic", antialias=True)
    output = recipe.generator(small.clamp(-1, 1))
    assert output.shape == large.shape
    expected = discriminator_loss(recipe.discriminator(large), recipe.discriminator(output))
    assert (turn.player, set(turn.losses)) == ("discriminator", {"gan"})
    assert torch.allclose(turn.total, expected, rtol=1e-12)


def test_the_generator_turn_has_pixel_adversarial_and_content_losses() -> None:
    recipe, (large,) = build(pixel_weight=3.0, content_weight=0.5), batch()
    step, _ = advance_to_turn(recipe, Images(large), 0)
    change_weights_(recipe.discriminator)
    turn = next(step)
    output = recipe.generator(downscale(large, 4))
    expected = {
        "pixel": 3 * (output - large).abs().mean(),
        "gan": 1e-3 * cross_entropy(recipe.discriminator(output), real=True),
        "content": 0.5 * (output - large).square().mean(),
    }
    assert (turn.player, turn.losses.keys()) == ("generator", expected.keys())
    for name, loss in expected.items():
        assert torch.allclose(turn.losses[name].mean(), loss, rtol=1e-12), name
    assert next(step, None) is None


def turns_of_step(recipe: nn.Module) -> list[tuple[str, ...]]:
    """Return the player of each turn and the names of its losses."""
    return [(turn.player, *turn.losses) for turn in recipe.step(batch())]


def test_pretraining_steps_use_only_the_pixel_loss() -> None:
    recipe = build(pretrain_steps=2)
    turns = [turns_of_step(recipe) for recipe.iteration in range(3)]
    adversarial = [("discriminator", "gan"), ("generator", "pixel", "gan", "content")]
    assert turns == [[("generator", "pixel")], [("generator", "pixel")], adversarial]


def test_without_an_adversarial_loss_there_is_no_discriminator() -> None:
    recipe = build(adversarial_weight=0.0, content_weight=0.0)
    assert list(recipe.optimizers()) == ["generator"]
    assert not any("discriminator" in key for key in recipe.state_dict())
    assert turns_of_step(recipe) == [("generator", "pixel")]
    assert turns_of_step(build(content=None))[1:] == [("generator", "pixel", "gan")]


def test_defaults_are_those_of_the_paper() -> None:
    recipe = find("recipe", "srgan")
    assert recipe.defaults["data"] == {"layout": "images", "size": 96, "resize": "none"}
    assert recipe.defaults["train"]["batch_size"] == 16
    with torch.device("meta"):
        built = create("recipe", "srgan", spec=image_spec((96, 96), ("photos",)))
    parameters = {n: sum(p.numel() for p in m.parameters()) for n, m in built.named_children()}
    assert (parameters["generator"], parameters["discriminator"]) == (1_547_350, 23_563_649)
    assert (built.geometry.scale, built.takes_mask) == (4, False)


@pytest.mark.parametrize("factor", [2, 4])
def test_downscaled_images_equal_those_of_pillow(factor: int) -> None:
    (large,) = batch(1)
    result = downscale(large.float(), factor)
    for channel, small in zip(large[0], result[0], strict=True):
        image = Image.fromarray(channel.numpy().astype(np.float32))
        expected = np.array(image.resize((32 // factor,) * 2, Image.Resampling.BICUBIC))
        np.testing.assert_allclose(small, expected.clip(-1, 1), atol=1e-5)


def test_downscaled_images_are_clamped() -> None:
    edge = torch.ones(1, 1, 16, 16)
    edge[..., :9] = -1  # bicubic interpolation overshoots
    assert downscale(edge, 2).abs().max() == 1


@pytest.mark.parametrize("factor", [2, 4])
def test_the_bicubic_generator_gives_exactly_bicubic_upscaling(
    factor: int, register_plugin
) -> None:
    register_parts(register_plugin, generators={"bicubic": Bicubic})
    recipe, (images,) = build(scale=factor, generator="bicubic"), batch()
    result = recipe.translate(images[..., :9], to="")
    kornias = rescale(images[..., :9], float(factor), "bicubic", align_corners=False)
    assert torch.equal(result, kornias.clamp(-1, 1))
    assert result.shape == (2, 3, 32 * factor, 9 * factor)


def test_previews_show_input_output_and_target() -> None:
    recipe, (large,) = build(), batch()
    shown_input, output, target = recipe.preview(Images(large)).values()
    small = downscale(large, 4)
    assert torch.equal(shown_input[:, :, ::4, ::4], small)
    assert torch.equal(shown_input[:, :, 3::4, 2::4], small)
    assert torch.equal(output, recipe.translate(small, to=""))
    assert torch.equal(target, large)


@pytest.mark.parametrize(
    ("options", "size", "message"),
    [
        ({}, (30, 32), r"data\.size: 30x32 does not divide by 4: .* divide by 4, such as 96"),
        ({"generator": "resnet"}, (32, 32), "ResnetGenerator has the scale 1, expected 4"),
        ({"scale": 3}, (32, 32), "scale: expected 2 or 4, got 3"),
        ({"discriminator": "pach"}, (32, 32), "Did you mean 'patch'"),
        ({"pretrain_steps": -1}, (32, 32), "pretrain_steps: expected greater than or equal to 0"),
    ],
)
def test_options_that_cannot_work_are_refused(options, size, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        create("recipe", {"name": "srgan", **options}, spec=image_spec(size, ("photos",)))
