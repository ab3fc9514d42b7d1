"""Batches on a device: images become floats, labels stay integers."""

from typing import NamedTuple

import torch
from equal_tensors import assert_equal_tensors

from translate.batches import Domain, ImageSpec, Labelled, Pair
from translate.engine.loading.device import Uploader, batch_to_device

CPU = torch.device("cpu")
SPEC = ImageSpec(domains=(Domain("digits"),))
LEVELS = torch.tensor([0, 2, 4], dtype=torch.uint8).reshape(3, 1, 1, 1)
MASK = Domain("mask", 1, range=(0, 4))


class Triplet(NamedTuple):
    """A batch with images of three domains."""

    source: torch.Tensor
    mask: torch.Tensor
    target: torch.Tensor


def test_images_become_floats_in_minus_1_to_1_and_labels_stay_as_they_are() -> None:
    images = torch.tensor([0, 255], dtype=torch.uint8).reshape(2, 1, 1, 1)
    batch = batch_to_device(Labelled(images, torch.tensor([4, 7])), CPU, SPEC)
    assert isinstance(batch, Labelled)
    assert batch.images.flatten().tolist() == [-1.0, 1.0]
    assert batch.labels.tolist() == [4, 7] and batch.labels.dtype == torch.int64


def test_images_of_each_domain_are_scaled_by_its_range() -> None:
    spec = ImageSpec(domains=(Domain("photo"), MASK))
    batch = batch_to_device(Pair(LEVELS, LEVELS), CPU, spec)
    assert batch.target.flatten().tolist() == [-1.0, 0.0, 1.0]
    assert batch.source.max() < -0.9


def test_a_field_with_the_name_of_a_domain_has_images_of_that_domain() -> None:
    spec = ImageSpec(domains=(Domain("photo"), MASK, Domain("season")))
    source, mask, target = batch_to_device(Triplet(LEVELS, LEVELS, LEVELS), CPU, spec)
    assert mask.flatten().tolist() == [-1.0, 0.0, 1.0]
    assert source.max() < -0.9 and target.max() < -0.9


def test_uploaded_images_have_the_requested_memory_format() -> None:
    images = torch.randint(256, (2, 3, 4, 4), dtype=torch.uint8)
    batch = Labelled(images, torch.tensor([4, 7]))
    for channels_last in (False, True):
        uploaded = Uploader(CPU, SPEC, channels_last=channels_last)(batch)
        assert isinstance(uploaded, Labelled)
        assert_equal_tensors(uploaded, batch_to_device(batch, CPU, SPEC))
        assert uploaded.images.is_contiguous(memory_format=torch.channels_last) == channels_last
        assert uploaded.images.is_contiguous() != channels_last
