"""Cycle error, structure distance and edge agreement for changes of colour, position and size."""

import math

import numpy as np
import pytest
import torch
from metric_values import value_of
from torch import Tensor

from translate.batches import Domain
from translate.registry import create
from translate_plugins.metrics.content import self_similarity
from translate_plugins.metrics.features import lite0_maps

GRAY = Domain("", channels=1)


def disc(
    left: float = 0.5, *, size: int = 64, level: float = 200.0, ground: float = 30.0
) -> Tensor:
    y, x = np.mgrid[:size, :size] / size
    inside = (x - left) ** 2 + (y - 0.5) ** 2 < 0.2**2
    return torch.from_numpy(np.where(inside, level, ground)).float().expand(1, 3, -1, -1).clone()


def value(name: str, source_domain: Domain = GRAY, **fields: Tensor) -> float:
    return value_of(name, Domain(""), source_domain, **fields)


def test_the_cycle_error_is_in_the_unit_of_the_source_and_inside_the_mask() -> None:
    source = torch.zeros(2, 1, 2, 2)
    cycle = source.clone()
    cycle[0, 0, 0, 0] = 8.0
    mask = torch.zeros(2, 1, 2, 2, dtype=torch.bool)
    mask[:, :, 0] = True
    ct = Domain("ct", channels=1, unit="HU")
    assert create("metric", "cycle-error", source_domain=ct).values["cycle-error"].unit == "HU"
    assert value("cycle-error", ct, source=source, cycle=cycle) == 1
    assert value("cycle-error", ct, source=source, cycle=cycle, mask=mask) == 2


def test_self_similarity_is_the_cosine_of_each_pair_of_positions() -> None:
    features = torch.tensor([[1.0, 3.0], [0.0, 4.0]]).view(1, 2, 1, 2)
    expected = torch.tensor([[[1.0, 0.6], [0.6, 1.0]]])
    torch.testing.assert_close(self_similarity(features), expected)


def test_the_structure_distance_is_that_of_the_maps_and_0_for_equal_images() -> None:
    centred, shifted = disc(), disc(0.3)
    maps = [self_similarity(lite0_maps()(image, Domain(""))) for image in (centred, shifted)]
    assert maps[0].shape == (1, 14 * 14, 14 * 14)
    expected = float((maps[0] - maps[1]).square().mean())
    distance = value("structure-lite0", fake=centred, source=shifted)
    assert distance == pytest.approx(expected, rel=1e-4)
    assert value("structure-lite0", fake=centred, source=centred) == 0


def test_a_tint_changes_the_structure_less_than_a_shift_does() -> None:
    tint = disc() * torch.tensor([1.1, 1.0, 0.6]).view(3, 1, 1)
    by_colour, by_position = (
        value("structure-lite0", fake=fake, source=disc()) for fake in (tint, disc(0.25))
    )
    assert by_colour < by_position / 2


def test_edges_agree_in_other_colours_and_at_another_size() -> None:
    source = disc()[:, :1]
    for fake in (
        disc(),
        disc(level=30, ground=200),
        disc() * torch.tensor([1, 0.9, 0.8]).view(3, 1, 1),
    ):
        assert value("edge-agreement", fake=fake, source=source) == 1
    assert value("edge-agreement", fake=disc(), source=disc(size=32)[:, :1]) > 0.7
    assert value("edge-agreement", fake=disc(0.3), source=source) < 0.2


def test_edges_outside_the_mask_are_ignored() -> None:
    mask = torch.zeros(1, 1, 64, 64, dtype=torch.bool)
    mask[..., :28] = True
    fake = torch.cat([disc()[..., :32], disc(0.3)[..., 32:]], -1)
    assert value("edge-agreement", fake=fake, source=disc()[:, :1], mask=mask) > 0.9
    assert value("edge-agreement", fake=fake, source=disc()[:, :1]) < 0.7


def test_edge_agreement_is_undefined_without_edges() -> None:
    uniform = torch.full((1, 3, 64, 64), 80.0)
    assert math.isnan(value("edge-agreement", fake=uniform, source=uniform[:, :1]))
