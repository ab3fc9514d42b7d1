"""Distances of features, by hand; features of images, whatever is in a batch beside them."""

import numpy as np
import pytest
import torch

from translate.batches import Domain
from translate.engine.trust.features import distances, distances_within, features


def test_the_nearest_rows_count_by_their_mean() -> None:
    line = torch.arange(8.0)[:, None]
    assert distances(torch.tensor([[0.0]]), line).item() == (0 + 1 + 2 + 3 + 4) / 5
    assert distances(torch.tensor([[9.0]]), line[:2]).item() == (8 + 9) / 2, "there are no more"


def test_an_image_is_not_its_own_neighbour() -> None:
    assert distances_within(torch.tensor([[0.0], [2.0], [3.0]])).tolist() == [2.5, 1.5, 2.0]


def test_features_are_those_of_the_metrics_in_any_batch() -> None:
    from translate_plugins.metrics.features import lite0

    domain = Domain("a", channels=1)
    crops = list(np.random.default_rng(0).integers(0, 256, (3, 24, 24, 1)).astype(np.uint8))
    found = features(crops, domain, torch.device("cpu"))
    assert found.shape == (3, 320)
    alone = features(crops[1:2], domain, torch.device("cpu"))
    assert torch.allclose(found[1], alone[0], atol=1e-4)
    images = torch.stack([torch.from_numpy(crop).permute(2, 0, 1) for crop in crops])
    assert torch.allclose(found, lite0()(images, domain), atol=1e-4)
    with pytest.raises(RuntimeError):
        features([np.zeros((24, 24, 2), np.uint8)], Domain("a", channels=2), torch.device("cpu"))
