"""Holes that inpainting learns to fill: their shares, their shapes, and where they come from."""

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from translate.nn.noise import seeded
from translate_plugins.inpaint.holes import LARGEST_FRACTION, boxes, brush_strokes, random_holes

SIZES = [(64, 64), (40, 96), (17, 9)]


def holes(
    count: int, size: tuple[int, int], share: tuple[float, float], strokes: float, seed: int = 0
) -> Tensor:
    with seeded(seed):
        return random_holes(torch.zeros(count, 3, *size), share, strokes)


def box_of(hole: Tensor) -> tuple[slice, slice]:
    """Return the rows and columns of the smallest box around what is true in (H, W)."""
    y, x = (hole.any(dim).nonzero().flatten() for dim in (1, 0))
    return slice(int(y[0]), int(y[-1]) + 1), slice(int(x[0]), int(x[-1]) + 1)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("strokes", [0.0, 0.5, 1.0])
def test_each_picture_has_a_hole_of_its_own_within_the_shares(
    size: tuple[int, int], strokes: float
) -> None:
    found = holes(100, size, (0.1, 0.3), strokes)
    assert (found.shape, found.dtype) == ((100, 1, *size), torch.bool)
    taken = found.float().mean((1, 2, 3))
    pixels = size[0] * size[1]
    around = 0.5 * max(size) / pixels + 1 / pixels  # a row or column is wholly in a box or not
    assert taken.min() >= 0.1 - around
    assert taken.max() <= 0.3 + around
    assert taken.mean().item() == pytest.approx(0.2, abs=0.015)
    assert len({tuple(hole.flatten().tolist()) for hole in found}) > 95


def test_strokes_take_their_share_to_the_pixel_or_a_few_as_far_away() -> None:
    with seeded(0):
        share = torch.linspace(0.02, 0.6, 30)
        taken = brush_strokes(share, (48, 64)).sum((1, 2, 3))
    wanted = (share * 48 * 64).round()
    assert (taken >= wanted).all()
    assert (taken - wanted).float().mean() < 3


def test_boxes_are_whole_upright_and_at_most_twice_as_long_as_wide() -> None:
    ratios, corners = [], []
    with seeded(0):
        found = boxes(torch.full((200,), 0.2), (60, 60))
    for (hole,) in found:
        rows, columns = box_of(hole)
        assert hole[rows, columns].all()
        assert hole.sum() == hole[rows, columns].numel()
        ratios.append((rows.stop - rows.start) / (columns.stop - columns.start))
        corners.append((rows.start, columns.start))
    assert 0.48 < min(ratios) < 0.6
    assert 1.7 < max(ratios) < 2.08
    tops, lefts = (sorted(place) for place in zip(*corners, strict=True))
    assert tops[0] == lefts[0] == 0
    assert max(tops[-1], lefts[-1]) > 35


def test_half_of_the_holes_are_strokes_and_they_are_no_boxes() -> None:
    def full(hole: Tensor) -> bool:
        return bool(hole[box_of(hole)].all())

    found = holes(300, (32, 32), (0.1, 0.2), 0.5)
    assert sum(full(hole) for (hole,) in found) / 300 == pytest.approx(0.5, abs=0.08)
    strokes = holes(300, (32, 32), (0.1, 0.2), 1.0)
    assert sum(full(hole) for (hole,) in strokes) <= 3


def test_a_brush_leaves_no_crumbs() -> None:
    """Whatever is covered is covered by discs: what erosion leaves, dilation gives back."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    with seeded(1):
        found = brush_strokes(torch.full((20,), 0.3), (64, 64))
    for (hole,) in found:
        kept = cv2.morphologyEx(hole.numpy().astype(np.uint8), cv2.MORPH_OPEN, disc)
        assert kept.sum() > 0.95 * hole.sum()


def test_holes_are_a_function_of_the_seed() -> None:
    first = holes(4, (32, 48), (0.1, 0.3), 0.5)
    assert torch.equal(first, holes(4, (32, 48), (0.1, 0.3), 0.5))
    assert not torch.equal(first, holes(4, (32, 48), (0.1, 0.3), 0.5, seed=1))


@pytest.mark.parametrize("strokes", [0.0, 1.0])
def test_something_is_always_missing_and_something_known(strokes: float) -> None:
    for share in ((1e-6, 1e-6), (LARGEST_FRACTION, LARGEST_FRACTION)):
        taken = holes(50, (8, 8), share, strokes).sum((1, 2, 3))
        assert taken.min() >= 1
        assert taken.max() < 64
