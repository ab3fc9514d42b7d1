"""Inpainting: the joint loss of context encoders in plain PyTorch; known pixels are kept."""

import pytest
import torch
from specs import image_spec
from torch import Tensor, nn
from turns import advance_to_turn, change_weights_, cross_entropy, discriminator_loss, random_images

from translate.batches import Images
from translate.errors import ConfigError
from translate.nn.noise import temporary_seed
from translate.registry import create, find
from translate_plugins.inpaint import mask_out
from translate_plugins.inpaint.harmonic_fill import harmonic_fill
from translate_plugins.inpaint.holes import random_holes

SPEC = image_spec((16, 16), ("photos",))
RESNET = {"name": "resnet", "width": 2, "blocks": 1, "downsamplings": 1}
PATCH = {"name": "patch", "width": 2, "layers": 1}


def build(**options: object) -> nn.Module:
    with temporary_seed(0):
        part = {"name": "inpaint", "generator": RESNET, "discriminator": PATCH}
        return create("recipe", {**part, **options}, spec=SPEC).double()


def batch(count: int = 2) -> Images:
    return Images(random_images(count, 3, 16, 16))


def random_hole(images: Tensor) -> Tensor:
    """Return the holes of a step that starts at seed 5."""
    with temporary_seed(5):
        return random_holes(images, (0.1, 0.3), 0.5)


def test_a_hole_is_gray_and_its_mask_channel_is_one() -> None:
    (images,) = batch(1)
    hole = torch.zeros(1, 1, 16, 16, dtype=torch.bool)
    hole[..., 2:5, 7:] = True
    network_input = mask_out(images, hole)
    assert network_input.shape == (1, 4, 16, 16)
    assert (network_input[:, :3, 2:5, 7:] == 0).all()
    assert torch.equal(network_input[:, :3, 5:], images[:, :, 5:])
    assert torch.equal(network_input[:, 3:], 2.0 * hole.double() - 1)


def test_with_smooth_fill_the_generator_predicts_detail_in_units_of_contrast() -> None:
    recipe, (images,) = build(fill="smooth"), batch()
    hole = random_hole(images)
    smooth = harmonic_fill(images, hole)
    expected = []
    for image, mask in zip(smooth, 2.0 * hole - 1, strict=True):
        contrast = image.std() + 0.05
        network_input = torch.cat([(image - image.mean()) / contrast, mask])[None]
        expected.append(image + contrast * recipe.generator.eval()(network_input)[0])
    output, unit = recipe.eval().predict(images, hole)
    assert torch.allclose(output, torch.stack(expected), rtol=1e-12)
    assert torch.allclose(unit.flatten(), smooth.flatten(1).std(1) + 0.05, rtol=1e-12)
    brighter, _ = recipe.predict(images * 0.5 + 0.2, hole)
    assert torch.allclose(brighter, output * 0.5 + 0.2, atol=0.05)


def test_with_smooth_fill_the_pixel_loss_is_in_units_of_contrast() -> None:
    recipe, (images,) = build(fill="smooth", adversarial_weight=0.0), batch()
    hole = random_hole(images)
    torch.manual_seed(5)
    (turn,) = recipe.step(Images(images))
    output, unit = recipe.predict(images, hole)
    distances = (output - images).abs() / unit
    is_missing = hole.expand_as(images)
    assert torch.allclose(turn.losses["hole"], distances[is_missing].mean(), rtol=1e-12)
    assert torch.allclose(turn.losses["known"], 0.1 * distances[~is_missing].mean(), rtol=1e-12)


def test_the_discriminator_turn_is_first_and_gets_composited_images_and_the_mask() -> None:
    recipe, (images,) = build(), batch()
    hole = random_hole(images)
    torch.manual_seed(5)
    _, turn = advance_to_turn(recipe, Images(images), 0)
    mask = 2.0 * hole - 1
    composed = hole * recipe.generator(mask_out(images, hole)) + ~hole * images
    expected = discriminator_loss(
        *(recipe.discriminator(torch.cat([x, mask], 1)) for x in (images, composed))
    )
    assert (turn.player, set(turn.losses)) == ("discriminator", {"gan"})
    assert torch.allclose(turn.total, expected, rtol=1e-12)


@pytest.mark.parametrize("pixel", ["l1", "l2"])
def test_the_generator_loss_has_hole_known_adversarial_and_content_terms(pixel: str) -> None:
    recipe = build(pixel=pixel, hole_weight=2.0, content="l2", content_weight=0.5)
    (images,) = batch()
    hole = random_hole(images)
    torch.manual_seed(5)
    step, _ = advance_to_turn(recipe, Images(images), 0)
    change_weights_(recipe.discriminator)
    turn = next(step)
    output = recipe.generator(mask_out(images, hole))
    composed = hole * output + ~hole * images
    distances = (output - images).abs() if pixel == "l1" else (output - images).square()
    is_missing = hole.expand_as(images)
    scores = recipe.discriminator(torch.cat([composed, 2.0 * hole - 1], 1))
    expected = {
        "hole": 2 * distances[is_missing].mean(),
        "known": 0.1 * distances[~is_missing].mean(),
        "gan": 1e-3 * cross_entropy(scores, real=True),
        "content": 0.5 * (composed - images).square().mean(),
    }
    assert (turn.player, turn.losses.keys()) == ("generator", expected.keys())
    for name, loss in expected.items():
        assert torch.allclose(turn.losses[name].mean(), loss, rtol=1e-12), name
    assert next(step, None) is None


def test_without_an_adversarial_loss_there_is_no_discriminator() -> None:
    recipe = build(adversarial_weight=0.0)
    assert list(recipe.optimizers()) == ["generator"]
    assert not any("discriminator" in key for key in recipe.state_dict())
    assert [(t.player, *t.losses) for t in recipe.step(batch())] == [("generator", "hole", "known")]


def test_the_generator_input_does_not_depend_on_missing_pixels() -> None:
    recipe, (images,) = build(), batch()
    hole = random_hole(images)
    changed_images = torch.where(hole, -images, images)
    assert torch.equal(mask_out(images, hole), mask_out(changed_images, hole))
    mask = 2.0 * hole - 1
    outputs = [recipe.translate(torch.cat([i, mask], 1), to="") for i in (images, changed_images)]
    assert torch.equal(*outputs)


def test_defaults_are_a_resnet_and_a_patch_discriminator_with_a_mask_channel() -> None:
    recipe = find("recipe", "inpaint")
    assert recipe.defaults["data"] == {"layout": "images", "size": 128}
    assert recipe.takes_mask
    with torch.device("meta"):
        built = create("recipe", "inpaint", spec=image_spec((128, 128), ("photos",)))
    parameters = {n: sum(p.numel() for p in m.parameters()) for n, m in built.named_children()}
    # the networks for 3 channels, and 49 * 64 and 16 * 64 weights for the mask; batch norm has two
    # numbers for each of 14 * 256 + 2 * 64 channels, in place of one bias
    assert parameters["generator"] == 7_837_699 + 49 * 64 + 14 * 256 + 2 * 64
    assert parameters["discriminator"] == 2_764_737 + 16 * 64


def test_known_pixels_are_kept_exactly_and_generated_pixels_are_clamped() -> None:
    recipe, (images,) = build(), batch()
    with torch.no_grad():
        for parameter in recipe.generator.parameters():
            parameter.mul_(50)
    hole = random_hole(images)
    result = recipe.translate(torch.cat([images, 2.0 * hole - 1], 1), to="")
    known_mask = ~hole.expand_as(images)
    assert torch.equal(result[known_mask], images[known_mask])
    assert not torch.equal(result[~known_mask], images[~known_mask])
    assert result.abs().max() <= 1


def test_previews_show_the_masked_input_the_output_and_the_original() -> None:
    recipe, (images,) = build(), batch()
    torch.manual_seed(5)
    network_input, output, original = recipe.preview(Images(images)).values()
    is_missing = random_hole(images).expand_as(images)
    assert (network_input[is_missing] == 0).all()
    assert torch.equal(output[~is_missing], images[~is_missing])
    assert torch.equal(original, images)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hole_fraction": [0.5, 0.2]}, r"up to 0\.9, the smaller first, got 0\.5, 0\.2"),
        ({"hole_fraction": [0, 0.2]}, "hole_fraction: expected two numbers above 0"),
        ({"hole_fraction": [0.1, 0.95]}, "hole_fraction: expected two numbers above 0 and up to"),
        ({"hole_fraction": 0.3}, "hole_fraction: expected a list, got 0.3"),
        ({"stroke_fraction": 2}, "stroke_fraction: expected less than or equal to 1"),
        ({"generator": {"name": "srresnet", "scale": 2}}, "SrResnet has the scale 2, expected 1"),
        ({"generator": {"name": "srresnet", "residual": True}}, "4 channels cannot be added to 3"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build(**options)
