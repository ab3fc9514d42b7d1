"""Inpainting: the joint loss of context encoders, beside plain PyTorch; known pixels stay."""

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
from translate.nn.noise import seeded
from translate.registry import create, find
from translate_plugins.inpaint import mask_out
from translate_plugins.inpaint.harmonic_fill import harmonic_fill
from translate_plugins.inpaint.holes import random_holes

SPEC = image_spec((16, 16), ("photos",))
RESNET = {"name": "resnet", "width": 2, "blocks": 1, "downsamplings": 1}
PATCH = {"name": "patch", "width": 2, "layers": 1}


def build(**options: object) -> nn.Module:
    with seeded(0):
        part = {"name": "inpaint", "generator": RESNET, "discriminator": PATCH}
        return create("recipe", {**part, **options}, spec=SPEC).double()


def batch(count: int = 2) -> Images:
    generator = torch.Generator().manual_seed(1)
    return Images(torch.rand(count, 3, 16, 16, generator=generator).double() * 2 - 1)


def hole_of(images: Tensor) -> Tensor:
    with seeded(5):
        return random_holes(images, (0.1, 0.3), 0.5)


def says(scores: Tensor, real: bool) -> Tensor:
    """Return the cross entropy of logits, written out."""
    chance = torch.sigmoid(scores)
    return -(chance if real else 1 - chance).log().mean()


# -- the step --------------------------------------------------------------------------------------


def test_a_hole_is_gray_and_the_mask_behind_it_is_one() -> None:
    (given,) = batch(1)
    hole = torch.zeros(1, 1, 16, 16, dtype=torch.bool)
    hole[..., 2:5, 7:] = True
    shown = mask_out(given, hole)
    assert shown.shape == (1, 4, 16, 16)
    assert (shown[:, :3, 2:5, 7:] == 0).all()
    assert torch.equal(shown[:, :3, 5:], given[:, :, 5:])
    assert shown[:, 3].sum() == 2 * 27 - 256
    assert set(shown[:, 3].flatten().tolist()) == {-1, 1}


def test_of_a_smooth_hole_the_generator_draws_what_is_lacking_in_units_of_the_contrast() -> None:
    recipe, (given,) = build(fill="smooth"), batch()
    hole = hole_of(given)
    smooth = harmonic_fill(given, hole)
    rows = []
    for picture, mask in zip(smooth, 2.0 * hole - 1, strict=True):
        contrast = picture.std() + 0.05
        shown = torch.cat([(picture - picture.mean()) / contrast, mask])[None]
        rows.append(picture + contrast * recipe.generator.eval()(shown)[0])
    drawn, unit = recipe.eval().predict(given, hole)
    assert torch.allclose(drawn, torch.stack(rows), rtol=1e-12)
    assert torch.allclose(unit.flatten(), smooth.flatten(1).std(1) + 0.05, rtol=1e-12)
    brighter, _ = recipe.predict(given * 0.5 + 0.2, hole)
    assert torch.allclose(brighter, drawn * 0.5 + 0.2, atol=0.05)


def test_over_a_smooth_hole_differences_are_paid_for_in_units_of_the_contrast() -> None:
    recipe, (given,) = build(fill="smooth", adversarial_weight=0.0), batch()
    hole = hole_of(given)
    torch.manual_seed(5)
    (turn,) = recipe.step(Images(given))
    drawn, unit = recipe.predict(given, hole)
    apart = (drawn - given).abs() / unit
    missing = hole.expand_as(given)
    assert torch.allclose(turn.losses["hole"], apart[missing].mean(), rtol=1e-12)
    assert torch.allclose(turn.losses["known"], 0.1 * apart[~missing].mean(), rtol=1e-12)


def test_the_discriminator_goes_first_and_sees_composed_pictures_and_the_mask() -> None:
    recipe, (given,) = build(), batch()
    hole = hole_of(given)
    torch.manual_seed(5)
    _, turn = advance_to_turn(recipe, Images(given), 0)
    mask = 2.0 * hole - 1
    composed = hole * recipe.generator(mask_out(given, hole)) + ~hole * given
    judge = recipe.discriminator
    expected = says(judge(torch.cat([given, mask], 1)), True)
    expected = expected + says(judge(torch.cat([composed, mask], 1)), False)
    assert (turn.player, set(turn.losses)) == ("discriminator", {"gan"})
    assert torch.allclose(turn.total, expected, rtol=1e-12)
    found = torch.autograd.grad(turn.total, [*recipe.generator.parameters()], allow_unused=True)
    assert set(found) == {None}


@pytest.mark.parametrize("pixel", ["l1", "l2"])
def test_the_generator_pays_for_the_hole_the_known_the_game_and_the_content(pixel: str) -> None:
    recipe = build(pixel=pixel, hole_weight=2.0, content="l2", content_weight=0.5)
    (given,) = batch()
    hole = hole_of(given)
    torch.manual_seed(5)
    step, _ = advance_to_turn(recipe, Images(given), 0)
    with torch.no_grad():
        for parameter in recipe.discriminator.parameters():
            parameter.add_(0.05)  # the discriminator moves
    turn = next(step)
    drawn = recipe.generator(mask_out(given, hole))
    composed = hole * drawn + ~hole * given
    apart = (drawn - given).abs() if pixel == "l1" else (drawn - given).square()
    missing = hole.expand_as(given)
    expected = {
        "hole": 2 * apart[missing].mean(),
        "known": 0.1 * apart[~missing].mean(),
        "gan": 1e-3 * says(recipe.discriminator(torch.cat([composed, 2.0 * hole - 1], 1)), True),
        "content": 0.5 * (composed - given).square().mean(),
    }
    assert (turn.player, turn.losses.keys()) == ("generator", expected.keys())
    for name, loss in expected.items():
        assert torch.allclose(turn.losses[name].mean(), loss, rtol=1e-12), name
    assert next(step, None) is None


def test_without_a_game_there_is_no_discriminator() -> None:
    recipe = build(adversarial_weight=0.0)
    assert list(recipe.optimizers()) == ["generator"]
    assert not any("discriminator" in key for key in recipe.state_dict())
    assert [(t.player, *t.losses) for t in recipe.step(batch())] == [("generator", "hole", "known")]


def test_what_the_generator_is_shown_does_not_depend_on_what_is_missing() -> None:
    recipe, (given,) = build(), batch()
    hole = hole_of(given)
    other = torch.where(hole, -given, given)
    assert torch.equal(mask_out(given, hole), mask_out(other, hole))
    mask = 2.0 * hole - 1
    drawn = [recipe.translate(torch.cat([i, mask], 1), to="") for i in (given, other)]
    assert torch.equal(*drawn)


def test_defaults_are_a_resnet_a_patch_and_a_channel_more_for_each() -> None:
    recipe = find("recipe", "inpaint")
    assert recipe.defaults["data"] == {"layout": "images", "size": 128}
    assert recipe.takes_mask
    with torch.device("meta"):
        made = create("recipe", "inpaint", spec=image_spec((128, 128), ("photos",)))
    count = {n: sum(p.numel() for p in m.parameters()) for n, m in made.named_children()}
    # resnet of 6 blocks and a patch of 3 channels, and 49 * 64 and 16 * 64 for the mask;
    # batch norm has two numbers for each of 14 * 256 + 2 * 64, where a bias would be one
    assert count["generator"] == 7_837_699 + 49 * 64 + 14 * 256 + 2 * 64
    assert count["discriminator"] == 2_764_737 + 16 * 64
    for optimizer in build().optimizers().values():
        (group,) = optimizer.param_groups
        assert (group["lr"], group["betas"]) == (2e-4, (0.5, 0.999))


# -- what comes out --------------------------------------------------------------------------------


def test_known_pixels_stay_to_the_last_bit_and_drawn_ones_are_clamped() -> None:
    recipe, (given,) = build(), batch()
    with torch.no_grad():
        for parameter in recipe.generator.parameters():
            parameter.mul_(50)
    hole = hole_of(given)
    found = recipe.translate(torch.cat([given, 2.0 * hole - 1], 1), to="")
    known = ~hole.expand_as(given)
    assert torch.equal(found[known], given[known])
    assert not torch.equal(found[~known], given[~known])
    assert found.abs().max() <= 1


def test_previews_show_the_hole_the_filling_and_the_whole() -> None:
    recipe, (given,) = build(), batch()
    torch.manual_seed(5)
    shown, filled, whole = recipe.preview(Images(given)).values()
    missing = hole_of(given).expand_as(given)
    assert (shown[missing] == 0).all()
    assert torch.equal(filled[~missing], given[~missing])
    assert torch.equal(whole, given)


def test_a_folder_of_any_pictures_keeps_every_known_byte_and_comes_out_opaque(
    run_command, image_folder, tmp_path: Path
) -> None:
    image_folder("photos/train")
    parts = [f"options.generator={RESNET}", f"options.discriminator={PATCH}", "data.size=16"]
    settings = [word for part in parts for word in ("--set", part.replace("'", ""))]
    asked = ("--plugin", "inpaint", "--domains", "photos", "--data", ".", "--steps", 2)
    assert (
        run_command("train", *asked, *settings, "--device", "cpu", "--out", "runs/holes").code == 0
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
            found = np.asarray(filled)
        assert (found[~hole] == pixels[~hole]).all()
        assert (found[hole] != pixels[hole]).any()
        with Image.open(tmp_path / "opaque" / name) as same:
            assert same.mode == "RGB"
            assert (np.asarray(same) == found).all()


# -- errors ----------------------------------------------------------------------------------------


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
            "SrResnet makes sides 2 times as long, not 1",
        ),
        (
            {"generator": {"name": "srresnet", "residual": True}},
            "residual: 4 channels cannot be added to 3",
        ),
    ],
)
def test_what_cannot_be_filled_is_said(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build(**options)
