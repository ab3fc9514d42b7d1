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
    count: int, size: tuple[int, int], fraction: tuple[float, float], strokes: float, seed: int = 0
) -> Tensor:
    with temporary_seed(seed):
        return random_holes(torch.zeros(count, 3, *size), fraction, strokes)


def box_of(hole: Tensor) -> tuple[slice, slice]:
    """Return the rows and columns of the bounding box of a mask (H, W)."""
    y, x = (hole.any(dim).nonzero().flatten() for dim in (1, 0))
    return slice(int(y[0]), int(y[-1]) + 1), slice(int(x[0]), int(x[-1]) + 1)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("strokes", [0.0, 0.5, 1.0])
def test_each_image_has_its_own_hole_within_the_fractions(
    size: tuple[int, int], strokes: float
) -> None:
    masks = holes(100, size, (0.1, 0.3), strokes)
    assert (masks.shape, masks.dtype) == ((100, 1, *size), torch.bool)
    taken = masks.float().mean((1, 2, 3))
    pixels = size[0] * size[1]
    around = 0.5 * max(size) / pixels + 1 / pixels  # a row or column is completely in a box or not
    assert taken.min() >= 0.1 - around
    assert taken.max() <= 0.3 + around
    assert taken.mean().item() == pytest.approx(0.2, abs=0.015)
    assert len({tuple(hole.flatten().tolist()) for hole in masks}) > 95


def test_strokes_cover_their_fraction_to_within_a_few_pixels() -> None:
    with temporary_seed(0):
        fraction = torch.linspace(0.02, 0.6, 30)
        taken = brush_strokes(fraction, (48, 64)).sum((1, 2, 3))
    expected = (fraction * 48 * 64).round()
    assert (taken >= expected).all()
    assert (taken - expected).float().mean() < 3


def test_boxes_are_complete_upright_and_at_most_twice_as_long_as_wide() -> None:
    ratios, corners = [], []
    with temporary_seed(0):
        masks = boxes(torch.full((200,), 0.2), (60, 60))
    for (hole,) in masks:
        rows, columns = box_of(hole)
        assert hole[rows, columns].all()
        assert hole.sum() == hole[rows, columns].numel()
        ratios.append((rows.stop - rows.start) / (columns.stop - columns.start))
        corners.append((rows.start, columns.start))
    assert 0.48 < min(ratios) < 0.6
    assert 1.7 < max(ratios) < 2.08
    tops, lefts = (sorted(sides) for sides in zip(*corners, strict=True))
    assert tops[0] == lefts[0] == 0
    assert max(tops[-1], lefts[-1]) > 35


def test_half_of_the_holes_are_strokes_and_not_boxes() -> None:
    def full(hole: Tensor) -> bool:
        return bool(hole[box_of(hole)].all())

    masks = holes(300, (32, 32), (0.1, 0.2), 0.5)
    assert sum(full(hole) for (hole,) in masks) / 300 == pytest.approx(0.5, abs=0.08)
    strokes = holes(300, (32, 32), (0.1, 0.2), 1.0)
    assert sum(full(hole) for (hole,) in strokes) <= 3


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


@pytest.mark.parametrize("strokes", [0.0, 1.0])
def test_every_mask_has_missing_and_known_pixels(strokes: float) -> None:
    for fraction in ((1e-6, 1e-6), (LARGEST_FRACTION, LARGEST_FRACTION)):
        taken = holes(50, (8, 8), fraction, strokes).sum((1, 2, 3))
        assert taken.min() >= 1
        assert taken.max() < 64
