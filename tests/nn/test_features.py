"""Feature matching: the distance between mean features."""

import pytest
import torch

from translate.nn.features import feature_distance


def test_the_distance_is_the_squared_difference_of_the_mean_features() -> None:
    real = [torch.tensor([[0.0, 2.0], [2.0, 4.0]]), torch.ones(2, 1, 2, 2)]  # means (1, 3) and 1
    fake = [torch.tensor([[1.0, 0.0]]), torch.full((3, 1, 2, 2), 4.0)]  # means (1, 0) and 4
    assert feature_distance(real, fake) == (0 + 9) / 2 + 9
    assert feature_distance(real, real) == 0
    with pytest.raises(ValueError, match="zip"):
        feature_distance(real, fake[:1])


def test_gradients_of_the_distance_of_features_are_correct() -> None:
    real, fake = (torch.randn(n, 2, 3, dtype=torch.double).requires_grad_() for n in (2, 3))
    assert torch.autograd.gradcheck(lambda r, f: feature_distance([r], [f]), (real, fake))
