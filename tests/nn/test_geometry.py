"""Networks declare the image sizes that they accept; images are resized to one size and back."""

import pytest
import torch
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.nn.geometry import (
    Geometry,
    at_size,
    combine_geometries,
    geometry_of,
    network_geometries,
    require_scale,
)


def test_a_combined_geometry_suits_all_networks() -> None:
    four = Geometry(multiple_of=4, minimum=17, halo=3)
    six = Geometry(multiple_of=6, scale=2, halo=5)
    both = combine_geometries(four, six)
    assert both == Geometry(multiple_of=12, minimum=17, scale=2, halo=5)
    assert [both.fit(side) for side in (1, 24, 25)] == [24, 24, 36]
    assert combine_geometries(four, Geometry()).halo is None
    assert combine_geometries() == Geometry()


class NetworkWithGeometry(nn.Module):
    def __init__(self, geometry: Geometry, *parts: nn.Module) -> None:
        super().__init__()
        self.geometry, self.parts = geometry, nn.ModuleList(parts)


def test_parts_of_a_network_with_a_geometry_are_omitted() -> None:
    first, second, of_part = (Geometry(multiple_of=n) for n in (2, 3, 5))
    network = NetworkWithGeometry(first, NetworkWithGeometry(of_part))
    other = nn.Sequential(NetworkWithGeometry(second))
    module = nn.ModuleList([nn.ModuleList([network, other]), nn.Conv2d(3, 3, 1)])
    assert list(network_geometries(module)) == [first, second]
    assert geometry_of(nn.Conv2d(3, 3, 1)) == Geometry()


def test_a_generator_of_another_scale_is_refused() -> None:
    network = NetworkWithGeometry(Geometry(scale=2))
    require_scale(network, 2)
    require_scale(nn.Module(), 1)
    with pytest.raises(ConfigError, match="NetworkWithGeometry has the scale 2, expected 1: ch"):
        require_scale(network, 1)


@pytest.mark.parametrize("size", [(8, 12), (1, 1), (5, 40), (40, 5), (33, 20), (8, 13)])
def test_a_network_of_one_size_gets_that_size_and_the_image_keeps_its_own(
    size: tuple[int, int],
) -> None:
    inputs = []

    def network(images: Tensor) -> Tensor:
        inputs.append(images)
        return images

    constant = torch.full((2, 3, *size), 0.25)
    output = at_size((8, 12), network, constant)
    assert [images.shape for images in inputs] == [(2, 3, 8, 12)]
    assert output.shape == constant.shape
    assert torch.allclose(output, constant)


def test_a_smaller_image_is_padded_on_the_right_and_below_and_cropped_back() -> None:
    inputs = []
    image = torch.tensor([[[[0.1, 0.2], [0.3, 0.4]]]])
    output = at_size((3, 4), lambda images: inputs.append(images) or -images, image)
    assert torch.equal(output, -image)
    rows = [0.1, 0.2, 0.2, 0.2], [0.3, 0.4, 0.4, 0.4], [0.3, 0.4, 0.4, 0.4]
    assert torch.equal(inputs[0], torch.tensor([[rows]]))


def test_a_larger_image_is_averaged_when_scaled_down() -> None:
    inputs = []
    checkerboard = torch.ones(1, 1, 32, 32)
    checkerboard[..., ::2, 1::2] = checkerboard[..., 1::2, ::2] = -1
    at_size((8, 8), lambda images: inputs.append(images) or images, checkerboard)
    assert inputs[0].abs().max() < 0.05  # every fourth pixel without averaging would be 1


def test_a_gradient_of_gray_is_nearly_unchanged_by_scaling_down_and_up() -> None:
    ramp = torch.linspace(-1, 1, 32).expand(1, 1, 32, 32)
    output = at_size((8, 8), lambda inputs: inputs, ramp)
    assert output.abs().max() <= 1
    assert (output - ramp)[..., 4:-4].abs().max() < 0.02  # neighbours differ by 0.065
    assert (output - ramp).abs().max() < 0.1
