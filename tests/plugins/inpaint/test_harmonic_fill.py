"""Harmonic filling: known pixels stay, and missing pixels solve Laplace's equation."""

import numpy as np
import pytest
import torch
from torch import Tensor

from translate.nn.noise import temporary_seed
from translate_plugins.inpaint.harmonic_fill import harmonic_fill
from translate_plugins.inpaint.holes import random_holes

SIZES = [(64, 64), (33, 47), (8, 5), (1, 7)]


def random_images(count: int, size: tuple[int, int]) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.rand(count, 3, *size, generator=generator) * 2 - 1


def holes(images: Tensor) -> Tensor:
    with temporary_seed(2):
        return random_holes(images, (0.1, 0.3), 0.5)


def exact_fill(image: Tensor, hole: Tensor) -> Tensor:
    """Return an image (C, H, W) with each pixel of the hole (H, W) the mean of its neighbours.

    Neighbours to the left and right have 1.5 times the weight of neighbours above and below.
    """
    height, width = hole.shape
    matrix, pixel_values = np.eye(height * width), image.flatten(1).T.double().numpy().copy()
    for row, column in hole.nonzero().tolist():
        index = row * width + column
        pixel_values[index] = 0
        for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            y = min(max(row + down, 0), height - 1)  # a pixel at the edge is its own neighbour
            x = min(max(column + right, 0), width - 1)
            matrix[index, y * width + x] -= 0.2 if down else 0.3
    return torch.from_numpy(np.linalg.solve(matrix, pixel_values)).T.reshape(image.shape)


@pytest.mark.parametrize("size", SIZES)
def test_known_pixels_are_kept_and_the_content_of_holes_is_ignored(size: tuple[int, int]) -> None:
    images = random_images(4, size)
    hole = holes(images)
    result = harmonic_fill(images, hole)
    known_mask = ~hole.expand_as(images)
    assert torch.equal(result[known_mask], images[known_mask])
    assert torch.equal(result, harmonic_fill(images.masked_fill(hole, torch.nan), hole))
    assert (result.amax((2, 3)) <= images.masked_fill(hole, -9).amax((2, 3)) + 0.05).all()


def test_each_missing_pixel_is_the_mean_of_its_neighbours() -> None:
    smooth = torch.nn.functional.interpolate(random_images(6, (5, 5)), (32, 40), mode="bicubic")
    hole = holes(smooth)
    result = harmonic_fill(smooth, hole)
    for image, hole_mask, filled in zip(smooth, hole, result, strict=True):
        exact = exact_fill(image, hole_mask[0])
        errors = (filled - exact)[:, hole_mask[0]].abs()
        assert errors.mean() < 0.01
        assert errors.max() < 0.1
        errors_of_original = (image - exact)[:, hole_mask[0]].abs()
        assert errors_of_original.mean() > 5 * errors.mean()


def test_a_uniform_image_stays_uniform_and_an_image_without_known_pixels_is_gray() -> None:
    images = torch.tensor([0.3, -0.8, 1.0])[None, :, None, None].expand(2, 3, 40, 24).clone()
    hole = holes(images)
    hole[1] = True
    result = harmonic_fill(images, hole)
    assert torch.allclose(result[0], images[0], atol=1e-6)
    assert not result[1].any()
