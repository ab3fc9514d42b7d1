"""Class labels become one-hot vectors, and planes that are further channels of images."""

import pytest
import torch

from translate.nn.conditioning import one_hot, with_labels


def test_labels_become_one_hot_vectors_and_planes() -> None:
    labels = torch.tensor([2, 0], dtype=torch.uint8)
    assert one_hot(labels, 3).tolist() == [[[[0]], [[0]], [[1]]], [[[1]], [[0]], [[0]]]]
    images = torch.randn(2, 1, 2, 3)
    joined = with_labels(images, labels, 3)
    assert joined.shape == (2, 4, 2, 3)
    assert torch.equal(joined[:, :1], images)
    assert joined[0, 1:].mean(dim=(1, 2)).tolist() == [0, 0, 1]
    assert joined[1, 1:].mean(dim=(1, 2)).tolist() == [1, 0, 0]
    assert with_labels(torch.zeros(2, 5, 1, 1), labels, 3).shape == (2, 8, 1, 1)  # latents, too
    with pytest.raises(RuntimeError):
        one_hot(torch.tensor([3]), 3)
