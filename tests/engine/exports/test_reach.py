"""The reach of networks that a person can work out."""

from torch import Tensor, nn

from translate.engine.exports.reach import STATISTICS, Reach, measure_reach
from translate.nn.geometry import Geometry


class ByNumbers(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return images if float(images.mean()) > 0 else -images


def test_the_halo_of_convolutions_is_the_sum_of_their_own() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 3, 5, padding=2)).eval()
    reach = measure_reach(network, 3, Geometry())
    assert (reach.halo, reach.reason) == (3, "")
    assert reach.bytes_per_pixel == 4 * (4 + 3), "the largest two values that are there at once"


def test_statistics_of_the_image_have_no_halo() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.GroupNorm(4, 4)).eval()
    reach = measure_reach(network, 3, Geometry())
    assert (reach.halo, reach.reason) == (None, STATISTICS)
    assert reach.bytes_per_pixel >= 4 * 4


def test_a_network_that_reads_numbers_has_the_halo_that_it_declares() -> None:
    assert measure_reach(ByNumbers(), 3, Geometry(halo=7)) == Reach(7, "", 0)
    reach = measure_reach(ByNumbers(), 3, Geometry())
    assert (reach.halo, reach.bytes_per_pixel) == (None, 0)
    assert reach.reason == "it reads the values of its images"
