"""Halo and memory of networks, compared with values that are calculated by hand."""

from torch import Tensor, nn

from translate.engine.exports.tile_requirements import (
    STATISTICS,
    TileRequirements,
    measure_tile_requirements,
)
from translate.nn.geometry import Geometry


class ByMean(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return images if float(images.mean()) > 0 else -images


def test_the_halo_of_convolutions_is_the_sum_of_their_own() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 3, 5, padding=2)).eval()
    tiles = measure_tile_requirements(network, 3, Geometry())
    assert (tiles.halo, tiles.reason) == (3, "")
    assert tiles.bytes_per_pixel == 4 * (4 + 3), "the two largest activations that exist at once"


def test_statistics_of_the_image_have_no_halo() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.GroupNorm(4, 4)).eval()
    tiles = measure_tile_requirements(network, 3, Geometry())
    assert (tiles.halo, tiles.reason) == (None, STATISTICS)
    assert tiles.bytes_per_pixel >= 4 * 4


def test_a_network_that_reads_pixel_values_has_the_halo_that_it_declares() -> None:
    assert measure_tile_requirements(ByMean(), 3, Geometry(halo=7)) == TileRequirements(7, "", 0)
    tiles = measure_tile_requirements(ByMean(), 3, Geometry())
    assert (tiles.halo, tiles.bytes_per_pixel) == (None, 0)
    assert tiles.reason == "it reads the values of its images"
