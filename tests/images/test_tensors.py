"""Images become tensors in [-1, 1], and the tensors become the same images again."""

import numpy as np
import pytest
import torch
from random_images import noise

from translate.batches import FULL_RANGES, Domain
from translate.images.tensors import (
    as_tensor,
    from_device,
    network_input,
    planar,
    planar_copy,
    to_device,
)


@pytest.mark.parametrize("ends", [(0, 255), (0, 4), (20, 220)])
def test_the_range_of_a_domain_becomes_minus_one_to_one(ends: tuple[float, float]) -> None:
    domain = Domain("a", range=ends)
    levels = np.arange(ends[0], ends[1] + 1, dtype=np.uint8).reshape(1, -1, 1)
    floats = to_device(as_tensor(levels)[None], "cpu", domain)
    assert floats.dtype == torch.float32
    assert (floats.min().item(), floats.max().item()) == (-1, 1)
    fractions = from_device(floats, domain, "float32")
    assert np.abs(fractions[0] - levels / 255).max() < 1e-6


@pytest.mark.parametrize("white", [51, 255])
def test_pixels_of_16_bits_are_scaled_to_a_range_of_8_bits(white: int) -> None:
    pixels = np.array([[[0], [white * 257]]], np.uint16)
    tensor = as_tensor(pixels)
    assert tensor.dtype == torch.uint16
    floats = to_device(tensor[None], "cpu", Domain("a", range=(0, white)))
    assert floats.flatten().tolist() == [-1, 1]


@pytest.mark.parametrize("ends", [None, (-1024, 3071), (0, 255), (100.5, 60000), (-40000, 40000)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16"])
def test_every_integer_in_range_goes_to_the_device_and_back_unchanged(
    dtype: str, ends: tuple[float, float] | None
) -> None:
    low, high = ends or FULL_RANGES[dtype]
    domain = Domain("a", channels=1, range=(low, high), dtype=dtype)
    limits = np.iinfo(dtype)
    integers = np.arange(limits.min, limits.max + 1)
    in_range = integers[(integers >= low) & (integers <= high)].astype(dtype).reshape(1, -1, 1)
    floats = to_device(as_tensor(in_range)[None], "cpu", domain)
    assert floats.abs().max() <= 1
    result = from_device(floats, domain)[0]
    assert result.dtype == dtype
    assert (result == in_range).all()


def test_floats_go_to_the_device_and_back_with_rounding_errors_only() -> None:
    domain = Domain("a", channels=1, range=(-1024, 3071), dtype="float32")
    numbers = np.linspace(-1024, 3071, 9999, dtype=np.float32).reshape(1, -1, 1)
    result = from_device(to_device(as_tensor(numbers)[None], "cpu", domain), domain)[0]
    assert np.abs(result - numbers).max() <= 4095 * 2**-23
    fractions = np.linspace(0, 1, 4097, dtype=np.float32).reshape(1, -1, 1)
    domain = Domain("a", channels=1, range=(0, 1), dtype="float32")
    result = from_device(to_device(as_tensor(fractions)[None], "cpu", domain), domain)[0]
    assert (result == fractions).all()


def test_pixels_outside_the_range_are_clipped_on_the_way_to_the_device() -> None:
    domain = Domain("ct", channels=1, range=(-1000, 1000), dtype="int16")
    pixels = np.array([[[-2000], [0], [3000]]], np.int16)
    assert to_device(as_tensor(pixels)[None], "cpu", domain).flatten().tolist() == [-1, 0, 1]


def test_outputs_outside_minus_one_to_one_are_clamped_on_the_way_back() -> None:
    outputs = torch.tensor([-9.0, 9.0, 0.0]).view(1, 1, 1, 3)
    assert from_device(outputs).ravel().tolist() == [0, 255, 128]


def test_a_tensor_is_a_copy_with_channels_first() -> None:
    pixels = noise(4, 6, 3)
    tensor = as_tensor(pixels)
    assert tensor.shape == (3, 4, 6)
    tensor.zero_()
    assert pixels.any()


def test_a_mask_becomes_minus_one_and_one_whatever_the_range_of_its_image() -> None:
    image = np.array([[[20], [120], [220]]], np.uint8)
    mask = np.array([[[0], [255], [0]]], np.uint8)
    domain = Domain("a", channels=1, range=(20, 220))
    tensor = network_input(np.concatenate([image, mask], axis=2), "cpu", domain)
    assert tensor.tolist() == [[[[-1, 0, 1]], [[-1, 1, -1]]]]
    assert torch.equal(network_input(image, "cpu", domain), tensor[:, :1])


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)], ids=["planes", "pixels"])
def test_a_planar_copy_has_the_same_values_in_new_memory(order: tuple[int, ...]) -> None:
    image = torch.from_numpy(noise(3, 4, 5)).permute(order)[:, 1:3, :3]
    before, copy = image.clone(), planar_copy(image)
    assert copy.is_contiguous() and torch.equal(copy, before)
    copy[:] = 0
    assert torch.equal(image, before)


def test_planar_pixels_are_copied_only_if_their_channels_come_last_in_memory() -> None:
    planes, pixels = noise(3, 4, 5), noise(4, 5, 3)
    assert np.shares_memory(planar(planes.transpose(1, 2, 0)).numpy(), planes)
    assert planar(pixels).is_contiguous()
    assert np.array_equal(planar(pixels).numpy(), pixels.transpose(2, 0, 1))
