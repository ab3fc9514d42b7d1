"""Random holes for inpainting: their fractions, shapes and seeds."""

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from translate.nn.noise import temporary_seed
from translate_plugins.inpaint.holes import LARGEST_FRACTION, boxes, brush_strokes, random_holes

SIZES = [(64, 64), (40, 96), (17, 9)]


def holes(
    count: int,
    size: tuple[int, int],
    fractions: tuple[float, float],
    stroke_fraction: float,
    seed: int = 0,
) -> Tensor:
    with temporary_seed(seed):
        return random_holes(torch.zeros(count, 3, *size), fractions, stroke_fraction)


def bounding_box(hole: Tensor) -> tuple[slice, slice]:
    """Return the rows and columns of the bounding box of a mask (H, W)."""
    y, x = (hole.any(dim).nonzero().flatten() for dim in (1, 0))
    return slice(int(y[0]), int(y[-1]) + 1), slice(int(x[0]), int(x[-1]) + 1)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("stroke_fraction", [0.0, 0.5, 1.0])
def test_each_image_has_its_own_hole_with_a_fraction_of_pixels_in_the_range(
    size: tuple[int, int], stroke_fraction: float
) -> None:
    masks = holes(100, size, (0.1, 0.3), stroke_fraction)
    assert (masks.shape, masks.dtype) == ((100, 1, *size), torch.bool)
    fractions = masks.float().mean((1, 2, 3))
    # the sides of a box are whole numbers: its fraction is off by up to half a row and a pixel
    tolerance = (0.5 * max(size) + 1) / (size[0] * size[1])
    assert fractions.min() >= 0.1 - tolerance
    assert fractions.max() <= 0.3 + tolerance
    assert fractions.mean().item() == pytest.approx(0.2, abs=0.015)
    assert len({tuple(hole.flatten().tolist()) for hole in masks}) > 95


def test_strokes_cover_their_fraction_to_within_a_few_pixels() -> None:
    with temporary_seed(0):
        fraction = torch.linspace(0.02, 0.6, 30)
        areas = brush_strokes(fraction, (48, 64)).sum((1, 2, 3))
    expected = (fraction * 48 * 64).round()
    assert (areas >= expected).all()
    assert (areas - expected).float().mean() < 3


def test_boxes_are_filled_rectangles_of_any_position_and_at_most_twice_as_long_as_wide() -> None:
    ratios, corners = [], []
    with temporary_seed(0):
        masks = boxes(torch.full((200,), 0.2), (60, 60))
    for (hole,) in masks:
        rows, columns = bounding_box(hole)
        assert hole[rows, columns].all()
        ratios.append((rows.stop - rows.start) / (columns.stop - columns.start))
        corners.append((rows.start, columns.start))
    assert 0.48 < min(ratios) < 0.6
    assert 1.7 < max(ratios) < 2.08
    tops, lefts = (sorted(sides) for sides in zip(*corners, strict=True))
    assert tops[0] == lefts[0] == 0
    assert max(tops[-1], lefts[-1]) > 35


def test_half_of_the_holes_are_strokes_and_not_boxes() -> None:
    def fraction_of_boxes(stroke_fraction: float) -> float:
        masks = holes(300, (32, 32), (0.1, 0.2), stroke_fraction)
        return sum(bool(hole[bounding_box(hole)].all()) for (hole,) in masks) / 300

    assert fraction_of_boxes(stroke_fraction=0.5) == pytest.approx(0.5, abs=0.08)
    assert fraction_of_boxes(stroke_fraction=1.0) <= 0.01


def test_brush_strokes_leave_no_isolated_pixels() -> None:
    """Strokes are unions of discs: a morphological opening does not change them."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    with temporary_seed(1):
        masks = brush_strokes(torch.full((20,), 0.3), (64, 64))
    for (hole,) in masks:
        opened = cv2.morphologyEx(hole.numpy().astype(np.uint8), cv2.MORPH_OPEN, disc)
        assert opened.sum() > 0.95 * hole.sum()


def test_holes_are_a_function_of_the_seed() -> None:
    first = holes(4, (32, 48), (0.1, 0.3), 0.5)
    assert torch.equal(first, holes(4, (32, 48), (0.1, 0.3), 0.5))
    assert not torch.equal(first, holes(4, (32, 48), (0.1, 0.3), 0.5, seed=1))


@pytest.mark.parametrize("stroke_fraction", [0.0, 1.0])
def test_every_mask_has_missing_and_known_pixels(stroke_fraction: float) -> None:
    for fraction in (1e-6, LARGEST_FRACTION):
        areas = holes(50, (8, 8), (fraction, fraction), stroke_fraction).sum((1, 2, 3))
        assert areas.min() >= 1
        assert areas.max() < 8 * 8
