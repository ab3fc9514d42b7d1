"""Norms and reductions in tiles use the statistics of the whole image."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from tiled import random_weights, run_in_tiles
from torch import Tensor, nn

from translate.engine.traced.statistics import Moments

IMAGES = torch.rand(1, 4, 23, 31, generator=torch.Generator().manual_seed(0)) * 3 + 20


@pytest.mark.parametrize(
    "layer",
    [
        nn.InstanceNorm2d(4),
        nn.InstanceNorm2d(4, affine=True),
        nn.GroupNorm(2, 4),
        nn.GroupNorm(1, 4),
        nn.BatchNorm2d(4),
        nn.BatchNorm2d(4, track_running_stats=False),
    ],
    ids=str,
)
def test_a_norm_in_tiles_gives_the_whole_output(layer: nn.Module) -> None:
    output = run_in_tiles(random_weights(layer), IMAGES, 9)
    torch.testing.assert_close(output, layer(IMAGES), rtol=0, atol=2e-5)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x - x.mean((2, 3), keepdim=True),
        lambda x: x / x.std((1, 2, 3), keepdim=True),
        lambda x: x - x.mean(),
        lambda x: x / x.var((2, 3), keepdim=True, correction=0),
        lambda x: x / x.sum((2, 3), keepdim=True),
    ],
)
def test_a_reduction_in_tiles_is_over_the_whole_image(function: Callable[[Tensor], Tensor]) -> None:
    output = run_in_tiles(function, IMAGES, 9)
    torch.testing.assert_close(output, function(IMAGES), rtol=1e-5, atol=1e-5)


def test_moments_of_parts_are_merged_to_those_of_the_image() -> None:
    moments = Moments()
    for part in IMAGES.split([5, 1, 17], dim=2):
        moments.add(part)
    mean, squared_deviations, number = moments.of_groups(4)
    assert number == 23 * 31
    exact = IMAGES.double()
    torch.testing.assert_close(mean, exact.mean((0, 2, 3)), rtol=1e-7, atol=0)
    variances = exact.var((0, 2, 3), correction=0)
    torch.testing.assert_close(squared_deviations / number, variances, rtol=1e-6, atol=0)
    _, squared_deviations, number = moments.of_groups(1)
    variance = squared_deviations / number
    torch.testing.assert_close(variance, exact.var(correction=0).view(1), rtol=1e-6, atol=0)


def test_a_large_mean_does_not_reduce_the_accuracy() -> None:
    images = IMAGES + 5000
    output = run_in_tiles(lambda x: F.instance_norm(x), images, 9)
    expected = F.instance_norm(images.double()).float()
    torch.testing.assert_close(output, expected, rtol=0, atol=2e-3)
