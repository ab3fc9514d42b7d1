"""What flows into a hole: known pixels as they are, and the solution of Laplace's equation."""

import numpy as np
import pytest
import torch
from torch import Tensor

from translate.nn.noise import seeded
from translate_plugins.inpaint.harmonic_fill import harmonic_fill
from translate_plugins.inpaint.holes import random_holes

SIZES = [(64, 64), (33, 47), (8, 5), (1, 7)]


def pictures(count: int, size: tuple[int, int]) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.rand(count, 3, *size, generator=generator) * 2 - 1


def holes(images: Tensor) -> Tensor:
    with seeded(2):
        return random_holes(images, (0.1, 0.3), 0.5)


def solved(image: Tensor, hole: Tensor) -> Tensor:
    """Return (C, H, W), in the hole, (H, W), of pixels that are means of their neighbours.

    Those to the left and right weigh half as much again as those above and below.
    """
    height, width = hole.shape
    matrix, known = np.eye(height * width), image.flatten(1).T.double().numpy().copy()
    for row, column in hole.nonzero().tolist():
        here = row * width + column
        known[here] = 0
        for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            y = min(max(row + down, 0), height - 1)  # over the edge it has itself as a neighbour
            x = min(max(column + right, 0), width - 1)
            matrix[here, y * width + x] -= 0.2 if down else 0.3
    return torch.from_numpy(np.linalg.solve(matrix, known)).T.reshape(image.shape)


@pytest.mark.parametrize("size", SIZES)
def test_known_pixels_stay_and_missing_ones_do_not_matter(size: tuple[int, int]) -> None:
    images = pictures(4, size)
    hole = holes(images)
    found = harmonic_fill(images, hole)
    known = ~hole.expand_as(images)
    assert torch.equal(found[known], images[known])
    assert torch.equal(found, harmonic_fill(images.masked_fill(hole, torch.nan), hole))
    assert (found.amax((2, 3)) <= images.masked_fill(hole, -9).amax((2, 3)) + 0.05).all()


def test_each_missing_pixel_is_the_mean_of_its_neighbours() -> None:
    smooth = torch.nn.functional.interpolate(pictures(6, (5, 5)), (32, 40), mode="bicubic")
    hole = holes(smooth)
    found = harmonic_fill(smooth, hole)
    for image, missing, drawn in zip(smooth, hole, found, strict=True):
        exact = solved(image, missing[0])
        apart = (drawn - exact)[:, missing[0]].abs()
        assert apart.mean() < 0.01
        assert apart.max() < 0.1
        away = (image - exact)[:, missing[0]].abs().mean()
        assert away > 5 * apart.mean(), "the picture is no solution itself"


def test_one_colour_stays_one_colour_and_a_picture_without_any_is_gray() -> None:
    images = torch.tensor([0.3, -0.8, 1.0])[None, :, None, None].expand(2, 3, 40, 24).clone()
    hole = holes(images)
    hole[1] = True
    found = harmonic_fill(images, hole)
    assert torch.allclose(found[0], images[0], atol=1e-6)
    assert not found[1].any()
