"""Batches on a device: images become floats, labels stay integers."""

from typing import NamedTuple

import torch

from translate.batches import Domain, ImageSpec, Labelled, Pair
from translate.engine.loading.device import Uploader, batch_to_device

SPEC = ImageSpec(domains=(Domain("digits"),))


class Triplet(NamedTuple):
    """A batch with three domains."""

    source: torch.Tensor
    mask: torch.Tensor
    target: torch.Tensor


def test_images_become_floats_in_minus_1_to_1_and_labels_stay_as_they_are() -> None:
    images = torch.tensor([0, 255], dtype=torch.uint8).reshape(2, 1, 1, 1)
    batch = batch_to_device(Labelled(images, torch.tensor([4, 7])), torch.device("cpu"), SPEC)
    assert isinstance(batch, Labelled)
    assert batch.images.flatten().tolist() == [-1.0, 1.0]
    assert batch.labels.tolist() == [4, 7] and batch.labels.dtype == torch.int64


def test_each_domain_has_a_range_of_its_own() -> None:
    spec = ImageSpec(domains=(Domain("photo"), Domain("mask", 1, range=(0, 4))))
    levels = torch.tensor([0, 2, 4], dtype=torch.uint8).reshape(3, 1, 1, 1)
    batch = batch_to_device(Pair(levels, levels), torch.device("cpu"), spec)
    assert batch.target.flatten().tolist() == [-1.0, 0.0, 1.0]
    assert batch.source.max() < -0.9


def test_a_field_with_the_name_of_a_domain_has_the_range_of_that_domain() -> None:
    domains = (Domain("photo"), Domain("mask", 1, range=(0, 4)), Domain("season"))
    levels = torch.tensor([0, 2, 4], dtype=torch.uint8).reshape(3, 1, 1, 1)
    batch = Triplet(levels, levels, levels)
    source, mask, target = batch_to_device(batch, torch.device("cpu"), ImageSpec(domains=domains))
    assert mask.flatten().tolist() == [-1.0, 0.0, 1.0]
    assert source.max() < -0.9 and target.max() < -0.9


def test_uploaded_images_have_the_requested_memory_format() -> None:
    images = torch.randint(256, (2, 3, 4, 4), dtype=torch.uint8)
    batch = Labelled(images, torch.tensor([4, 7]))
    expected = batch_to_device(batch, torch.device("cpu"), SPEC)
    for last in (False, True):
        uploaded = Uploader(torch.device("cpu"), SPEC, channels_last=last)(batch)
        assert isinstance(uploaded, Labelled)
        assert torch.equal(uploaded.images, expected.images)
        assert torch.equal(uploaded.labels, expected.labels)
        assert uploaded.images.is_contiguous(memory_format=torch.channels_last) == last
        assert uploaded.images.is_contiguous() != last
