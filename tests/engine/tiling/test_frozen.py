"""Normalization layers use the statistics of an earlier call."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from translate.engine.tiling.frozen import FrozenStatistics

IMAGES = torch.rand(1, 4, 20, 24, generator=torch.Generator().manual_seed(0)) * 3


@pytest.mark.parametrize(
    "norm",
    [
        nn.InstanceNorm2d(4, affine=True),
        nn.GroupNorm(2, 4),
        nn.BatchNorm2d(4).train(),
        nn.BatchNorm2d(4, track_running_stats=False).train(),
    ],
    ids=str,
)
def test_a_tile_is_normalized_with_the_statistics_of_the_image(norm: nn.Module) -> None:
    frozen = FrozenStatistics()
    with torch.no_grad(), frozen:
        expected = norm(IMAGES)
    frozen.replay()
    for _ in range(2):
        frozen.rewind()
        with torch.no_grad(), frozen:
            tile = norm(IMAGES[..., :7, :9])
        torch.testing.assert_close(tile, expected[..., :7, :9], rtol=1e-5, atol=1e-5)


def test_a_layer_with_running_statistics_is_not_recorded() -> None:
    frozen, norm = FrozenStatistics(), nn.BatchNorm2d(4).eval()
    with torch.no_grad(), frozen:
        assert torch.equal(norm(IMAGES), F.batch_norm(IMAGES, norm.running_mean, norm.running_var))
    assert frozen.statistics == []
