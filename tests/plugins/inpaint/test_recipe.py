"""Inpainting: the joint loss of context encoders, against plain PyTorch; known pixels stay."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from specs import image_spec
from torch import Tensor, nn
from turns import advance_to_turn

from translate.batches import Images
from translate.errors import ConfigError
from translate.images.encode import write_image
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
    generator = torch.Generator().manual_seed(1)
    return Images(torch.rand(count, 3, 16, 16, generator=generator).double() * 2 - 1)


def hole_of(images: Tensor) -> Tensor:
    with temporary_seed(5):
        return random_holes(images, (0.1, 0.3), 0.5)


def says(scores: Tensor, real: bool) -> Tensor:
    """Return the cross entropy of logits, written out."""
    chance = torch.sigmoid(scores)
    return -(chance if real else 1 - chance).log().mean()


def test_a_hole_is_gray_and_its_mask_channel_is_one() -> None:
    (images,) = batch(1)
    hole = torch.zeros(1, 1, 16, 16, dtype=torch.bool)
    hole[..., 2:5, 7:] = True
    network_input = mask_out(images, hole)
    assert network_input.shape == (1, 4, 16, 16)
    assert (network_input[:, :3, 2:5, 7:] == 0).all()
    assert torch.equal(network_input[:, :3, 5:], images[:, :, 5:])
    assert network_input[:, 3].sum() == 2 * 27 - 256
    assert set(network_input[:, 3].flatten().tolist()) == {-1, 1}


def test_in_a_smooth_hole_the_generator_predicts_detail_in_units_of_contrast() -> None:
    recipe, (images,) = build(fill="smooth"), batch()
    hole = hole_of(images)
    smooth = harmonic_fill(images, hole)
    rows = []
    for image, mask in zip(smooth, 2.0 * hole - 1, strict=True):
        contrast = image.std() + 0.05
        network_input = torch.cat([(image - image.mean()) / contrast, mask])[None]
        rows.append(image + contrast * recipe.generator.eval()(network_input)[0])
    output, unit = recipe.eval().predict(images, hole)
    assert torch.allclose(output, torch.stack(rows), rtol=1e-12)
    assert torch.allclose(unit.flatten(), smooth.flatten(1).std(1) + 0.05, rtol=1e-12)
    brighter, _ = recipe.predict(images * 0.5 + 0.2, hole)
    assert torch.allclose(brighter, output * 0.5 + 0.2, atol=0.05)


def test_in_a_smooth_hole_the_pixel_loss_is_in_units_of_contrast() -> None:
    recipe, (images,) = build(fill="smooth", adversarial_weight=0.0), batch()
    hole = hole_of(images)
    torch.manual_seed(5)
    (turn,) = recipe.step(Images(images))
    output, unit = recipe.predict(images, hole)
    distances = (output - images).abs() / unit
    missing = hole.expand_as(images)
    assert torch.allclose(turn.losses["hole"], distances[missing].mean(), rtol=1e-12)
    assert torch.allclose(turn.losses["known"], 0.1 * distances[~missing].mean(), rtol=1e-12)


def test_the_discriminator_turn_is_first_and_gets_composited_images_and_the_mask() -> None:
    recipe, (images,) = build(), batch()
    hole = hole_of(images)
    torch.manual_seed(5)
    _, turn = advance_to_turn(recipe, Images(images), 0)
    mask = 2.0 * hole - 1
    composed = hole * recipe.generator(mask_out(images, hole)) + ~hole * images
    discriminator = recipe.discriminator
    expected = says(discriminator(torch.cat([images, mask], 1)), True)
    expected = expected + says(discriminator(torch.cat([composed, mask], 1)), False)
    assert (turn.player, set(turn.losses)) == ("discriminator", {"gan"})
    assert torch.allclose(turn.total, expected, rtol=1e-12)
    gradients = torch.autograd.grad(turn.total, [*recipe.generator.parameters()], allow_unused=True)
    assert set(gradients) == {None}


@pytest.mark.parametrize("pixel", ["l1", "l2"])
def test_the_generator_loss_has_hole_known_adversarial_and_content_terms(pixel: str) -> None:
    recipe = build(pixel=pixel, hole_weight=2.0, content="l2", content_weight=0.5)
    (images,) = batch()
    hole = hole_of(images)
    torch.manual_seed(5)
    step, _ = advance_to_turn(recipe, Images(images), 0)
    with torch.no_grad():
        for parameter in recipe.discriminator.parameters():
            parameter.add_(0.05)  # the discriminator is updated
    turn = next(step)
    output = recipe.generator(mask_out(images, hole))
    composed = hole * output + ~hole * images
    distances = (output - images).abs() if pixel == "l1" else (output - images).square()
    missing = hole.expand_as(images)
    expected = {
        "hole": 2 * distances[missing].mean(),
        "known": 0.1 * distances[~missing].mean(),
        "gan": 1e-3 * says(recipe.discriminator(torch.cat([composed, 2.0 * hole - 1], 1)), True),
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
    hole = hole_of(images)
    other = torch.where(hole, -images, images)
    assert torch.equal(mask_out(images, hole), mask_out(other, hole))
    mask = 2.0 * hole - 1
    output = [recipe.translate(torch.cat([i, mask], 1), to="") for i in (images, other)]
    assert torch.equal(*output)


def test_defaults_are_a_resnet_and_a_patch_discriminator_with_a_mask_channel() -> None:
    recipe = find("recipe", "inpaint")
    assert recipe.defaults["data"] == {"layout": "images", "size": 128}
    assert recipe.takes_mask
    with torch.device("meta"):
        built = create("recipe", "inpaint", spec=image_spec((128, 128), ("photos",)))
    count = {n: sum(p.numel() for p in m.parameters()) for n, m in built.named_children()}
    # resnet of 6 blocks and a patch of 3 channels, and 49 * 64 and 16 * 64 for the mask;
    # batch norm has two numbers for each of 14 * 256 + 2 * 64, where a bias would be one
    assert count["generator"] == 7_837_699 + 49 * 64 + 14 * 256 + 2 * 64
    assert count["discriminator"] == 2_764_737 + 16 * 64
    for optimizer in build().optimizers().values():
        (group,) = optimizer.param_groups
        assert (group["lr"], group["betas"]) == (2e-4, (0.5, 0.999))


def test_known_pixels_are_kept_exactly_and_generated_ones_clamped() -> None:
    recipe, (images,) = build(), batch()
    with torch.no_grad():
        for parameter in recipe.generator.parameters():
            parameter.mul_(50)
    hole = hole_of(images)
    result = recipe.translate(torch.cat([images, 2.0 * hole - 1], 1), to="")
    known_mask = ~hole.expand_as(images)
    assert torch.equal(result[known_mask], images[known_mask])
    assert not torch.equal(result[~known_mask], images[~known_mask])
    assert result.abs().max() <= 1


def test_previews_show_the_masked_input_the_output_and_the_original() -> None:
    recipe, (images,) = build(), batch()
    torch.manual_seed(5)
    network_input, filled, whole = recipe.preview(Images(images)).values()
    missing = hole_of(images).expand_as(images)
    assert (network_input[missing] == 0).all()
    assert torch.equal(filled[~missing], images[~missing])
    assert torch.equal(whole, images)


def test_inpainting_a_folder_keeps_known_bytes_and_gives_opaque_images(
    run_command, image_folder, tmp_path: Path
) -> None:
    image_folder("photos/train")
    parts = [f"options.generator={RESNET}", f"options.discriminator={PATCH}", "data.size=16"]
    settings = [word for part in parts for word in ("--set", part.replace("'", ""))]
    arguments = ("--plugin", "inpaint", "--domains", "photos", "--data", ".", "--steps", 2)
    assert (
        run_command("train", *arguments, *settings, "--device", "cpu", "--out", "runs/holes").code
        == 0
    )
    random, truth = np.random.default_rng(0), {}
    for name, sides in {"a.png": (33, 21), "b/c.png": (16, 50)}.items():
        pixels = random.integers(0, 256, (*sides, 3), dtype=np.uint8)
        hole = np.zeros(sides, bool)
        hole[3:9, 5:14] = True
        write_image(tmp_path / "given" / name, pixels)
        write_image(tmp_path / "masks" / name, np.repeat(hole[..., None] * np.uint8(255), 3, 2))
        clear = tmp_path / "clear" / name
        clear.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.dstack([pixels, np.uint8(255) * ~hole])).save(clear)
        truth[name] = pixels, hole
    outcome = run_command(
        "infer", "runs/holes", "given", "filled", "--mask", "masks", "--device", "cpu"
    )
    assert outcome.code == 0, outcome.err
    assert run_command("infer", "runs/holes", "clear", "opaque", "--device", "cpu").code == 0
    for name, (pixels, hole) in truth.items():
        with Image.open(tmp_path / "filled" / name) as filled:
            assert filled.mode == "RGB"
            result = np.asarray(filled)
        assert (result[~hole] == pixels[~hole]).all()
        assert (result[hole] != pixels[hole]).any()
        with Image.open(tmp_path / "opaque" / name) as same:
            assert same.mode == "RGB"
            assert (np.asarray(same) == result).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"hole_fraction": [0.5, 0.2]},
            r"hole_fraction: .* up to 0\.9, the smaller first, got 0\.5, 0\.2",
        ),
        ({"hole_fraction": [0, 0.2]}, "hole_fraction: expected two numbers above 0"),
        ({"hole_fraction": [0.1, 0.95]}, "hole_fraction: expected two numbers above 0 and up to"),
        ({"hole_fraction": 0.3}, "hole_fraction: expected a list, got 0.3"),
        ({"stroke_fraction": 2}, "stroke_fraction: expected less than or equal to 1"),
        (
            {"generator": {"name": "srresnet", "scale": 2}},
            "SrResnet has the scale 2, expected 1",
        ),
        (
            {"generator": {"name": "srresnet", "residual": True}},
            "residual: 4 channels cannot be added to 3",
        ),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build(**options)
