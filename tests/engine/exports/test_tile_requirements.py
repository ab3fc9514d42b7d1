"""The halo and the memory of networks are those that are calculated by hand."""

from torch import Tensor, nn

from translate.engine.exports.tile_requirements import WHOLE_IMAGE_NORMS, measure_tile_requirements
from translate.nn.geometry import Geometry


class SignByMean(nn.Module):
    """Reads pixel values, and so cannot be traced."""

    def forward(self, images: Tensor) -> Tensor:
        return images if float(images.mean()) > 0 else -images


def test_the_halo_of_convolutions_is_the_sum_of_their_own() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 3, 5, padding=2)).eval()
    halo, reason, bytes_per_pixel = measure_tile_requirements(network, 3, Geometry())
    assert (halo, reason) == (3, "")
    assert bytes_per_pixel == 4 * (4 + 3), "4 + 3 channels of 4 bytes exist at once"


def test_a_network_with_group_norm_has_no_halo() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.GroupNorm(4, 4)).eval()
    halo, reason, bytes_per_pixel = measure_tile_requirements(network, 3, Geometry())
    assert (halo, reason) == (None, WHOLE_IMAGE_NORMS)
    assert bytes_per_pixel >= 4 * 4


def test_a_network_that_reads_pixel_values_has_the_halo_that_it_declares() -> None:
    assert measure_tile_requirements(SignByMean(), 3, Geometry(halo=7)) == (7, "", 0)
    requirements = measure_tile_requirements(SignByMean(), 3, Geometry())
    assert requirements == (None, "it reads the values of its images", 0)
