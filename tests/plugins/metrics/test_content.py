"""Content that a translation keeps: what changes of colour, place and size do to the values."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from translate.batches import Domain
from translate.metrics import Metric
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


def measured(name: str, source_domain: Domain = GRAY, **batch: Tensor) -> Metric:
    metric: Metric = create("metric", name, domain=Domain(""), source_domain=source_domain)
    metric.update(batch)  # type: ignore[arg-type]
    return metric


def test_the_cycle_error_is_in_the_unit_of_the_source_and_inside_the_mask() -> None:
    source = torch.zeros(2, 1, 2, 2)
    cycle = source.clone()
    cycle[0, 0, 0, 0] = 8.0
    mask = torch.zeros(2, 1, 2, 2, dtype=torch.bool)
    mask[:, :, 0] = True
    ct = Domain("ct", channels=1, unit="HU")
    metric = measured("cycle-error", ct, source=source, cycle=cycle)
    assert metric.compute() == {"cycle-error": 1.0}
    assert metric.values["cycle-error"].unit == "HU"
    assert measured("cycle-error", ct, source=source, cycle=cycle, mask=mask).compute() == {
        "cycle-error": 2.0
    }


def test_self_similarity_is_the_cosine_of_pairs_of_places() -> None:
    features = torch.tensor([[1.0, 3.0], [0.0, 4.0]]).view(1, 2, 1, 2)
    expected = torch.tensor([[[1.0, 0.6], [0.6, 1.0]]])
    torch.testing.assert_close(self_similarity(features), expected)


def test_the_structure_distance_is_that_of_the_maps_and_0_for_equal_images() -> None:
    one, other = disc(), disc(0.3)
    maps = [self_similarity(lite0_maps()(image, Domain(""))) for image in (one, other)]
    assert maps[0].shape == (1, 14 * 14, 14 * 14)
    expected = float((maps[0] - maps[1]).square().mean())
    found = measured("structure-lite0", fake=one, source=other).compute()["structure-lite0"]
    assert found == pytest.approx(expected, rel=1e-4)
    assert measured("structure-lite0", fake=one, source=one).compute()["structure-lite0"] == 0


def test_the_structure_changes_less_with_colours_than_with_places() -> None:
    tint = disc() * torch.tensor([1.1, 1.0, 0.6]).view(3, 1, 1)
    colour, place = (
        measured("structure-lite0", fake=fake, source=disc()).compute()["structure-lite0"]
        for fake in (tint, disc(0.25))
    )
    assert colour < place / 2


def test_edges_agree_whatever_the_colours_and_the_size() -> None:
    source = disc()[:, :1]
    for fake in (
        disc(),
        disc(level=30, ground=200),
        disc() * torch.tensor([1, 0.9, 0.8]).view(3, 1, 1),
    ):
        assert measured("edge-agreement", fake=fake, source=source).compute()["edge-agreement"] == 1
    small = disc(size=32)[:, :1]
    assert measured("edge-agreement", fake=disc(), source=small).compute()["edge-agreement"] > 0.7
    moved = measured("edge-agreement", fake=disc(0.3), source=source)
    assert moved.compute()["edge-agreement"] < 0.2


def test_edges_outside_the_mask_do_not_count() -> None:
    mask = torch.zeros(1, 1, 64, 64, dtype=torch.bool)
    mask[..., :28] = True
    fake = torch.cat([disc()[..., :32], disc(0.3)[..., 32:]], -1)
    batch = {"fake": fake, "source": disc()[:, :1], "mask": mask}
    assert measured("edge-agreement", **batch).compute()["edge-agreement"] > 0.9
    del batch["mask"]
    assert measured("edge-agreement", **batch).compute()["edge-agreement"] < 0.7


def test_images_without_edges_are_undefined() -> None:
    plain = torch.full((1, 3, 64, 64), 80.0)
    metric = measured("edge-agreement", fake=plain, source=plain[:, :1])
    assert math.isnan(metric.compute()["edge-agreement"])
