"""Sizes that networks accept, and images that are resized to them and back."""

import pytest
import torch
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.nn.geometry import (
    Geometry,
    at_size,
    combine_geometries,
    expect_scale,
    geometries,
    geometry_of,
)


def test_a_combined_geometry_suits_all_networks() -> None:
    four = Geometry(multiple_of=4, minimum=17, halo=3)
    six = Geometry(multiple_of=6, scale=2, halo=5)
    both = combine_geometries(four, six)
    assert both == Geometry(multiple_of=12, minimum=17, scale=2, halo=5)
    assert [both.fit(side) for side in (1, 24, 25)] == [24, 24, 36]
    assert combine_geometries(four, Geometry()).halo is None
    assert combine_geometries() == Geometry()


class Sized(nn.Module):
    """A network with a geometry, and a part with another one."""

    def __init__(self, geometry: Geometry, *parts: nn.Module) -> None:
        super().__init__()
        self.geometry, self.parts = geometry, nn.ModuleList(parts)


def test_the_geometries_of_a_module_are_those_of_its_networks_but_not_of_their_parts() -> None:
    one, two, inner = (Geometry(multiple_of=n) for n in (2, 3, 5))
    networks = nn.ModuleDict({"one": Sized(one, Sized(inner)), "two": nn.Sequential(Sized(two))})
    assert list(geometries(nn.ModuleList([networks, nn.Conv2d(3, 3, 1)]))) == [one, two]
    assert geometry_of(nn.Conv2d(3, 3, 1)) == Geometry()


def test_a_generator_of_another_scale_is_named() -> None:
    twice, same = Sized(Geometry(scale=2)), nn.Module()
    expect_scale(twice, 2)
    expect_scale(same, 1)
    with pytest.raises(ConfigError, match="Sized has the scale 2, expected 1: choose a"):
        expect_scale(twice, 1)


# -- networks of one size --------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(8, 12), (1, 1), (5, 40), (40, 5), (33, 20), (8, 13)])
def test_a_network_of_one_size_gets_that_size_and_the_image_keeps_its_own(
    size: tuple[int, int],
) -> None:
    inputs = []

    def network(images: Tensor) -> Tensor:
        inputs.append(images)
        return images

    flat = torch.full((2, 3, *size), 0.25)
    output = at_size((8, 12), network, flat)
    assert [images.shape for images in inputs] == [(2, 3, 8, 12)]
    assert output.shape == flat.shape
    assert torch.allclose(output, flat)


def test_a_smaller_image_is_padded_on_the_right_and_below_and_cropped_back() -> None:
    values = []
    image = torch.tensor([[[[0.1, 0.2], [0.3, 0.4]]]])
    output = at_size((3, 4), lambda inputs: values.append(inputs) or -inputs, image)
    assert torch.equal(output, -image)
    rows = [0.1, 0.2, 0.2, 0.2], [0.3, 0.4, 0.4, 0.4], [0.3, 0.4, 0.4, 0.4]
    assert torch.equal(values[0], torch.tensor([[rows]]))


def test_a_larger_image_is_averaged_when_scaled_down() -> None:
    values = []
    board = torch.ones(1, 1, 32, 32)
    board[..., ::2, 1::2] = board[..., 1::2, ::2] = -1
    at_size((8, 8), lambda inputs: values.append(inputs) or inputs, board)
    assert values[0].abs().max() < 0.05  # every fourth pixel alone would be plain white


def test_a_ramp_is_unchanged_by_scaling_down_and_up() -> None:
    ramp = torch.linspace(-1, 1, 32).expand(1, 1, 32, 32)
    output = at_size((8, 8), lambda inputs: inputs, ramp)
    assert output.abs().max() <= 1
    assert (output - ramp)[..., 4:-4].abs().max() < 0.02  # a pixel is 0.065
    assert (output - ramp).abs().max() < 0.1
