"""SRGAN of Ledig et al. (2017), against plain PyTorch, Pillow and kornia."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from kornia.geometry.transform import rescale
from PIL import Image
from specs import image_spec
from torch import Tensor, nn
from turns import advance_to_turn

from translate import hookimpl
from translate.batches import Images
from translate.engine.inference.folder import translate_folder
from translate.engine.inference.inputs.paths import find_inputs
from translate.engine.models.model import Model
from translate.engine.models.options import InferenceOptions
from translate.engine.optimization.step import take_turns
from translate.errors import ConfigError
from translate.images.encode import write_image
from translate.images.source import read_image
from translate.nn.geometry import Geometry
from translate.nn.noise import temporary_seed
from translate.registry import create, find
from translate_plugins.srgan import downscale

SPEC = image_spec((32, 32), ("photos",))
SRRESNET = {"name": "srresnet", "width": 2, "blocks": 1, "norm": "none"}
PATCH = {"name": "patch", "width": 2, "layers": 1}


class Bicubic(nn.Module):
    """Upscales by interpolation; its weight, a gain, is 1."""

    def __init__(self, in_channels: int, out_channels: int, *, scale: int = 1) -> None:
        super().__init__()
        assert in_channels == out_channels
        self.gain, self.geometry = nn.Parameter(torch.ones(())), Geometry(scale=scale)

    def forward(self, x: Tensor) -> Tensor:
        return self.gain * F.interpolate(x, scale_factor=self.geometry.scale, mode="bicubic")


class Stranger:
    @hookimpl
    def register_generators(self):
        return {"bicubic": Bicubic}


def build(**options: object) -> nn.Module:
    with temporary_seed(0):
        part = {"name": "srgan", "generator": SRRESNET, "discriminator": PATCH, "content": "l2"}
        return create("recipe", {**part, **options}, spec=SPEC).double()


def batch(count: int = 2) -> Images:
    generator = torch.Generator().manual_seed(1)
    return Images(torch.rand(count, 3, 32, 32, generator=generator).double() * 2 - 1)


def says(scores: Tensor, real: bool) -> Tensor:
    """Return the cross entropy of logits, written out."""
    chance = torch.sigmoid(scores)
    return -(chance if real else 1 - chance).log().mean()


# -- the step --------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [2, 4])
def test_the_discriminator_turn_is_first_and_gets_full_size_images(factor: int) -> None:
    recipe, (large,) = build(scale=factor), batch()
    _, turn = advance_to_turn(recipe, Images(large), 0)
    small = F.interpolate(large, scale_factor=1 / factor, mode="bicubic", antialias=True)
    output = recipe.generator(small.clamp(-1, 1))
    assert output.shape == large.shape
    discriminator = recipe.discriminator
    expected = says(discriminator(large), True) + says(discriminator(output), False)
    assert (turn.player, set(turn.losses)) == ("discriminator", {"gan"})
    assert torch.allclose(turn.total, expected, rtol=1e-12)
    gradients = torch.autograd.grad(turn.total, [*recipe.generator.parameters()], allow_unused=True)
    assert set(gradients) == {None}


def test_the_generator_turn_has_pixel_adversarial_and_content_losses() -> None:
    recipe, (large,) = build(pixel_weight=3.0, content_weight=0.5), batch()
    step, _ = advance_to_turn(recipe, Images(large), 0)
    with torch.no_grad():
        for parameter in recipe.discriminator.parameters():
            parameter.add_(0.05)  # the discriminator is updated
    turn = next(step)
    output = recipe.generator(downscale(large, 4))
    expected = {
        "pixel": 3 * (output - large).abs().mean(),
        "gan": 1e-3 * says(recipe.discriminator(output), True),
        "content": 0.5 * (output - large).square().mean(),
    }
    assert (turn.player, turn.losses.keys()) == ("generator", expected.keys())
    for name, loss in expected.items():
        assert torch.allclose(turn.losses[name].mean(), loss, rtol=1e-12), name
    assert next(step, None) is None


def test_pretraining_steps_use_the_pixel_loss_alone() -> None:
    recipe = build(pretrain_steps=2)
    players = recipe.optimizers()
    inputs = []
    for iteration in range(3):
        recipe.iteration = iteration
        before = [p.detach().clone() for p in recipe.discriminator.parameters()]
        turns = [(turn.player, *turn.losses) for turn in recipe.step(batch())]
        take_turns(recipe, batch(), players)
        after = list(recipe.discriminator.parameters())
        still = all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
        inputs.append((turns, still))
    pixel_only = ([("generator", "pixel")], True)
    adversarial = ([("discriminator", "gan"), ("generator", "pixel", "gan", "content")], False)
    assert inputs == [pixel_only, pixel_only, adversarial]


def test_without_an_adversarial_loss_there_is_no_discriminator() -> None:
    recipe = build(adversarial_weight=0.0, content_weight=0.0)
    assert list(recipe.optimizers()) == ["generator"]
    assert not any("discriminator" in key for key in recipe.state_dict())
    assert [(t.player, *t.losses) for t in recipe.step(batch())] == [("generator", "pixel")]
    assert [(t.player, *t.losses) for t in build(content=None).step(batch())][1:] == [
        ("generator", "pixel", "gan")
    ]


def test_defaults_are_those_of_the_paper() -> None:
    recipe = find("recipe", "srgan")
    assert recipe.defaults["data"] == {"layout": "images", "size": 96, "resize": "none"}
    assert recipe.defaults["train"]["batch_size"] == 16
    with torch.device("meta"):
        built = create("recipe", "srgan", spec=image_spec((96, 96), ("photos",)))
    count = {n: sum(p.numel() for p in m.parameters()) for n, m in built.named_children()}
    assert (count["generator"], count["discriminator"]) == (1_547_350, 23_563_649)
    assert (built.geometry.scale, built.takes_mask) == (4, False)
    for optimizer in build().optimizers().values():
        (group,) = optimizer.param_groups
        assert (group["lr"], group["betas"]) == (1e-4, (0.9, 0.999))


# -- small and large -------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [2, 4])
def test_downscaled_images_equal_those_of_pillow(factor: int) -> None:
    (large,) = batch(1)
    result = downscale(large.float(), factor)
    for channel, small in zip(large[0], result[0], strict=True):
        image = Image.fromarray(channel.numpy().astype(np.float32))
        expected = np.array(image.resize((32 // factor,) * 2, Image.Resampling.BICUBIC))
        np.testing.assert_allclose(small, expected.clip(-1, 1), atol=1e-5)


def test_downscaled_images_have_8_bit_levels() -> None:
    edge = torch.ones(1, 1, 16, 16)
    edge[..., :9] = -1  # bicubic interpolation overshoots
    assert downscale(edge, 2).abs().max() == 1


@pytest.mark.parametrize("factor", [2, 4])
def test_the_bicubic_generator_gives_exactly_bicubic_upscaling(
    factor: int, register_plugin
) -> None:
    register_plugin(Stranger())
    recipe, (images,) = build(scale=factor, generator="bicubic"), batch()
    result = recipe.translate(images[..., :9], to="")
    kornias = rescale(images[..., :9], float(factor), "bicubic", align_corners=False)
    assert torch.equal(result, kornias.clamp(-1, 1))
    assert result.shape == (2, 3, 32 * factor, 9 * factor)


def test_bicubic_upscaling_of_a_folder_is_exact_to_the_level(
    register_plugin, tmp_path: Path
) -> None:
    register_plugin(Stranger())
    recipe = build(generator="bicubic").float().eval()
    pixels = np.random.default_rng(0).integers(0, 256, (11, 7, 3), dtype=np.uint8)
    write_image(tmp_path / "in/a.png", pixels)
    model = Model("runs/x", "abc", SPEC, recipe=recipe)
    out = tmp_path / "out"
    translate_folder(model, find_inputs(tmp_path / "in", out), out, InferenceOptions())
    options = torch.from_numpy(pixels).permute(2, 0, 1)[None].float()
    large = F.interpolate(options, (44, 28), mode="bicubic").clamp(0, 255).round()
    result = read_image(out / "a.png").astype(int)
    distances = np.abs(result - large[0].permute(1, 2, 0).numpy())
    assert distances.max() <= 1  # halves may be rounded either way
    assert distances.mean() < 0.01


def test_previews_show_input_output_and_target() -> None:
    recipe, (large,) = build(), batch()
    pixels, generated, true = recipe.preview(Images(large)).values()
    small = downscale(large, 4)
    assert torch.equal(pixels[:, :, ::4, ::4], small)
    assert torch.equal(pixels[:, :, 3::4, 2::4], small)
    assert torch.equal(generated, recipe.translate(small, to=""))
    assert torch.equal(true, large)


# -- errors ----------------------------------------------------------------------------------------


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


def test_a_generator_of_another_scale_is_refused(register_plugin) -> None:
    class Twice(Bicubic):
        def __init__(self, in_channels: int, out_channels: int, *, scale: int = 1) -> None:
            super().__init__(in_channels, out_channels, scale=2 * scale)

    class Other:
        @hookimpl
        def register_generators(self):
            return {"twice": Twice}

    register_plugin(Other())
    with pytest.raises(ConfigError, match=r"Twice has the scale 8, expected 4: .* srresnet"):
        build(generator="twice")
