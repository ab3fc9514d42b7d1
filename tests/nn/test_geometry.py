"""Sizes that networks accept, and images that are resized to them and back."""

import pytest
import torch
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.nn.geometry import (
    Geometry,
    at_size,
    combined,
    expect_scale,
    geometries,
    geometry_of,
)


def test_sides_suit_all_networks() -> None:
    four = Geometry(multiple_of=4, minimum=17, halo=3)
    six = Geometry(multiple_of=6, scale=2, halo=5)
    both = combined(four, six)
    assert both == Geometry(multiple_of=12, minimum=17, scale=2, halo=5)
    assert [both.fit(side) for side in (1, 24, 25)] == [24, 24, 36]
    assert combined(four, Geometry()).halo is None
    assert combined() == Geometry()


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
    with pytest.raises(ConfigError, match="Sized makes sides 2 times as long, not 1: choose one"):
        expect_scale(twice, 1)


# -- networks of one size --------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(8, 12), (1, 1), (5, 40), (40, 5), (33, 20), (8, 13)])
def test_a_network_of_one_size_sees_that_size_and_the_picture_keeps_its_own(
    size: tuple[int, int],
) -> None:
    seen = []

    def network(given: Tensor) -> Tensor:
        seen.append(given)
        return given

    flat = torch.full((2, 3, *size), 0.25)
    drawn = at_size((8, 12), network, flat)
    assert [given.shape for given in seen] == [(2, 3, 8, 12)]
    assert drawn.shape == flat.shape
    assert torch.allclose(drawn, flat)


def test_a_smaller_picture_comes_back_exactly_and_its_edges_repeat_on_the_right_and_below() -> None:
    seen = []
    picture = torch.tensor([[[[0.1, 0.2], [0.3, 0.4]]]])
    drawn = at_size((3, 4), lambda given: seen.append(given) or -given, picture)
    assert torch.equal(drawn, -picture)
    rows = [0.1, 0.2, 0.2, 0.2], [0.3, 0.4, 0.4, 0.4], [0.3, 0.4, 0.4, 0.4]
    assert torch.equal(seen[0], torch.tensor([[rows]]))


def test_a_larger_picture_is_averaged_on_the_way_down() -> None:
    seen = []
    board = torch.ones(1, 1, 32, 32)
    board[..., ::2, 1::2] = board[..., 1::2, ::2] = -1
    at_size((8, 8), lambda given: seen.append(given) or given, board)
    assert seen[0].abs().max() < 0.05  # every fourth pixel alone would be plain white


def test_a_ramp_survives_the_way_down_and_up() -> None:
    ramp = torch.linspace(-1, 1, 32).expand(1, 1, 32, 32)
    drawn = at_size((8, 8), lambda given: given, ramp)
    assert drawn.abs().max() <= 1
    assert (drawn - ramp)[..., 4:-4].abs().max() < 0.02  # a pixel is 0.065
    assert (drawn - ramp).abs().max() < 0.1
