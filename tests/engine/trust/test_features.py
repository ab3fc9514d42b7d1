"""Distances of features, calculated by hand; features of an image do not depend on its batch."""

import numpy as np
import pytest
import torch

from translate.batches import Domain
from translate.engine.trust.features import distances, features


def test_a_distance_is_the_mean_over_the_five_nearest_features() -> None:
    others = torch.arange(8.0)[:, None]
    assert distances(torch.tensor([[0.0]]), others).item() == (0 + 1 + 2 + 3 + 4) / 5
    assert distances(torch.tensor([[9.0]]), others[:2]).item() == (8 + 9) / 2, "of all there are"


def test_an_image_is_not_its_own_neighbour() -> None:
    assert distances(torch.tensor([[0.0], [2.0], [3.0]])).tolist() == [2.5, 1.5, 2.0]


def test_features_are_those_of_the_metrics_in_any_batch() -> None:
    from translate_plugins.metrics.features import lite0

    domain = Domain("a", channels=1)
    crops = list(np.random.default_rng(0).integers(0, 256, (3, 24, 24, 1)).astype(np.uint8))
    batch = features(crops, domain, torch.device("cpu"))
    assert batch.shape == (3, 320)
    single = features(crops[1:2], domain, torch.device("cpu"))
    assert torch.allclose(batch[1], single[0], atol=1e-4)
    images = torch.stack([torch.from_numpy(crop).permute(2, 0, 1) for crop in crops])
    assert torch.allclose(batch, lite0()(images, domain), atol=1e-4)
    with pytest.raises(RuntimeError):
        features([np.zeros((24, 24, 2), np.uint8)], Domain("a", channels=2), torch.device("cpu"))
