"""Batches on a device: images become floats, labels stay whole numbers."""

import torch

from translate.batches import Labelled
from translate.engine.training.batch import batch_to_device


def test_images_become_floats_in_minus_1_to_1_and_labels_stay_as_they_are() -> None:
    images = torch.tensor([0, 255], dtype=torch.uint8).reshape(2, 1, 1, 1)
    batch = batch_to_device(Labelled(images, torch.tensor([4, 7])), torch.device("cpu"))
    assert isinstance(batch, Labelled)
    assert batch.images.flatten().tolist() == [-1.0, 1.0]
    assert batch.labels.tolist() == [4, 7] and batch.labels.dtype == torch.int64
