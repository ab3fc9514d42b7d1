"""Outputs of a model: their sizes, and that they do not depend on padding or the batch."""

import numpy as np
import pytest
import small_checkpoints
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from painter_recipe import SPEC, Painter, model
from torch import Tensor

from translate.engine.models.model import translate_batch
from translate.engine.pixels.processing import scale_shorter_side
from translate.errors import PluginError
from translate.registry import create

SIDES = st.integers(1, 70)
NETWORKS = {
    "resnet": {"name": "resnet", "width": 2, "blocks": 1},
    "unet": {"name": "unet", "width": 2, "levels": 6},
}


def images(*shape: int) -> Tensor:
    """Return random images in [-1, 1], equal for each call."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("recipe", ["cyclegan", "pix2pix"])
def test_P6_I6_outputs_have_the_size_of_their_inputs(recipe: str, network: str) -> None:
    torch.manual_seed(0)
    networks = {"generator": NETWORKS[network], "discriminator": small_checkpoints.PATCH}
    built = create("recipe", {"name": recipe, **networks}, spec=SPEC).eval()

    @settings(max_examples=20, deadline=None, derandomize=True)
    @given(height=SIDES, width=SIDES)
    def check(height: int, width: int) -> None:
        output = translate_batch(built, images(1, 3, height, width), "winter")
        assert output.shape == (1, 3, height, width)
        assert output.isfinite().all()

    check()
    for side in (1, 2, 3, 4, 31, 70):
        assert translate_batch(built, images(1, 3, side, 1), "winter").shape == (1, 3, side, 1)


@pytest.mark.parametrize(
    ("side", "multiple", "least", "padded"),
    [(1, 1, 1, 1), (1, 4, 8, 8), (1, 4, 6, 8), (8, 4, 8, 8), (9, 4, 8, 12), (250, 256, 256, 256)],
)
def test_sides_are_padded_to_the_next_valid_size(
    side: int, multiple: int, least: int, padded: int
) -> None:
    recipe = Painter(multiple_of=multiple, minimum_side=least)
    batch = images(1, 3, side, side)
    assert torch.equal(translate_batch(recipe, batch, "winter"), batch)
    assert recipe.inputs[0].shape == (1, 3, padded, padded)


def test_padding_repeats_the_right_and_bottom_edges() -> None:
    recipe = Painter(multiple_of=3)
    translate_batch(recipe, torch.tensor([[[[1.0, 2], [3, 4]]]]), "winter")
    assert recipe.inputs[0].tolist() == [[[[1, 2, 2], [3, 4, 4], [3, 4, 4]]]]


def test_a_recipe_that_changes_the_size_is_named() -> None:
    shrinking = Painter(lambda images: images[..., 1:])
    with pytest.raises(PluginError, match=r"Painter.translate returned \(1, 3, 4, 3\)"):
        translate_batch(shrinking, images(1, 3, 4, 4), "winter")


@pytest.mark.parametrize("recipe", ["cyclegan", "pix2pix"])
@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_an_output_does_not_depend_on_the_batch(recipe: str, norm: str) -> None:
    torch.manual_seed(0)
    unet = {"name": "unet", "width": 4, "levels": 6, "norm": norm, "dropout": 0.5}
    part = {"name": recipe, "generator": unet, "discriminator": small_checkpoints.PATCH}
    built = create("recipe", part, spec=SPEC).eval()
    batch = images(3, 3, 40, 50) * torch.tensor([0.1, 1, 0.5]).view(3, 1, 1, 1)
    batch_outputs = translate_batch(built, batch, "winter")
    reverse = translate_batch(built, batch.flip(0), "winter").flip(0)
    single_outputs = torch.cat(
        [translate_batch(built, image, "winter") for image in batch.split(1)]
    )
    for other in (reverse, single_outputs):
        assert (batch_outputs - other).abs().max() < 2 / 255
    assert (single_outputs[0] - single_outputs[1]).abs().max() > 2 / 255, "outputs differ"


def test_only_outputs_that_are_not_finite_are_none() -> None:
    nan_for_white = model(recipe=Painter(lambda x: torch.where(x > 0.99, torch.nan, x)))
    dark, white = (np.full((2, 2, 3), value, np.uint8) for value in (7, 255))
    first, second, third = nan_for_white.translate([dark, white, dark], "winter")
    assert second is None
    assert first is not None and (first == dark).all() and third is not None


def test_images_of_8_and_16_bits_share_a_batch() -> None:
    pixels_16 = np.array([[[0], [257 * 100], [65535]]], np.uint16)
    pixels_8 = np.array([[[0], [100], [255]]], np.uint8)
    for output in model().translate([pixels_16, pixels_8], "winter"):
        assert output is not None and output.tolist() == pixels_8.tolist()


@pytest.mark.parametrize(
    ("before", "shorter", "after"),
    [
        ((40, 60), 20, (20, 30)),
        ((1, 3), 2, (2, 6)),
        ((3, 1000), 1, (1, 333)),
        ((5, 7), None, (5, 7)),
    ],
)
def test_scaling_keeps_the_aspect_ratio(
    before: tuple[int, int], shorter: int | None, after: tuple[int, int]
) -> None:
    assert scale_shorter_side(np.zeros((*before, 3), np.uint8), shorter).shape == (*after, 3)
