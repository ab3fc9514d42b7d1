"""Noise is a pure function of seed, image and coordinates, and has the right distribution."""

import math
from hashlib import sha256
from typing import Any

import pytest
import torch

from translate.errors import ConfigError
from translate.nn import noise
from translate.nn.noise import Noise, temporary_seed

SHAPE = (1, 3, 12, 20)


def noise_of(*images: str, seed: int = 0, **options: Any) -> Noise:
    return Noise(seed, images, **options)


def test_an_image_has_the_same_noise_alone_and_in_a_batch() -> None:
    batch_noise = noise_of("a", "b", "c").normal((3, *SHAPE[1:]))
    for index, name in enumerate("abc"):
        assert torch.equal(batch_noise[index], noise_of(name).normal(SHAPE)[0])


def test_a_tile_has_the_noise_of_its_position_in_the_image() -> None:
    full = noise_of("a", "b").normal((2, 3, 64, 96))
    for top, left in ((0, 0), (16, 32), (40, 7)):
        expected = full[..., top : top + 24, left : left + 32]
        tile = noise_of("a", "b").tile((top, left))
        assert torch.equal(tile.normal((2, 3, 24, 32)), expected)
        assert torch.equal(noise_of("a", "b").normal((2, 3, 24, 32), at=(top, left)), expected)
        inner = tile.tile((1, 2)).normal((2, 3, 3, 3))
        assert torch.equal(inner, expected[..., 1:4, 2:5])


def test_another_seed_image_index_channel_or_position_gives_other_numbers() -> None:
    first = noise_of("a").normal(SHAPE)
    others = [
        noise_of("a", seed=1).normal(SHAPE),
        noise_of("b").normal(SHAPE),
        noise_of("a").normal(SHAPE, index=1),
        noise_of("a").normal(SHAPE, at=(12, 0)),
        first.roll(1, dims=1),
    ]
    assert all((first == other).float().mean() < 0.01 for other in others)
    assert torch.equal(first, noise_of("a").normal(SHAPE))


def test_the_bits_are_those_of_splitmix64() -> None:
    states = 1234567 + torch.tensor([1, 2, 3]) * noise._to_signed(0x9E3779B97F4A7C15)
    outputs = [value % 2**64 for value in noise._mix(states).tolist()]
    # printed by the authors' C program for the seed 1234567
    assert outputs == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_every_version_draws_the_same_numbers() -> None:
    normal, uniform = noise_of("a").normal((1, 1, 2, 2)), noise_of("a").uniform((1, 4))
    expected = [0.288405627, -0.946084797, -0.66470933, 1.003295183]
    assert normal.flatten().tolist() == pytest.approx(expected, abs=1e-6)
    expected = [0.958636224, 0.136153936, 0.233588874, 0.421448827]
    assert uniform.flatten().tolist() == pytest.approx(expected, abs=1e-6)


def test_numbers_equal_those_of_plain_python() -> None:
    def bits(image: str, index: int, counter: int) -> int:
        key = int.from_bytes(sha256(f"3/{index}/{image}".encode()).digest()[:8], "little")
        state = (key + counter * 0x9E3779B97F4A7C15) % 2**64
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            state = (state ^ state >> shift) * factor % 2**64
        return state ^ state >> 31

    values = noise_of("a", seed=3).normal((1, 2, 3, 4), at=(5, 6), index=9)
    for channel, row, column in ((0, 0, 0), (0, 2, 3), (1, 1, 2)):
        value = bits("a", 9, (channel << 48) + (5 + row << 24) + 6 + column)
        radius = math.sqrt(-2 * math.log(((value >> 32) + 0.5) / 2**32))
        expected = radius * math.cos(2 * math.pi * (value % 2**32) / 2**32)
        assert float(values[0, channel, row, column]) == pytest.approx(expected, abs=1e-6)


def test_moments_and_independence_are_those_of_the_normal_distribution() -> None:
    count = 1_000_000
    values = noise_of("a", "b").normal((2, 1, 1000, 500)).double()
    moments = [float((values**power).mean()) for power in (1, 2, 3, 4)]
    deviations = [math.sqrt(variance / count) for variance in (1, 2, 15, 96)]
    for moment, expected, deviation in zip(moments, (0, 1, 0, 3), deviations, strict=True):
        assert abs(moment - expected) < 4 * deviation
    neighbours = {
        "images": (values[0], values[1]),
        "rows": (values[..., 1:, :], values[..., :-1, :]),
        "columns": (values[..., 1:], values[..., :-1]),
        "indices": (values, noise_of("a", "b").normal(values.shape, index=1).double()),
    }
    for one, other in neighbours.values():
        assert abs(float((one * other).mean())) < 4 / math.sqrt(one.numel())
        assert abs(float((one**2 * other**2).mean()) - 1) < 4 * math.sqrt(8 / one.numel())


def test_the_tails_have_the_expected_fractions() -> None:
    values = noise_of("a").normal((1, 1, 1000, 1000))
    for bound, fraction in ((1, 0.15866), (2, 0.02275), (3, 0.00135)):
        deviation = math.sqrt(fraction / 1e6)
        assert abs(float((values > bound).double().mean()) - fraction) < 4 * deviation
        assert abs(float((values < -bound).double().mean()) - fraction) < 4 * deviation


def test_uniform_numbers_fill_the_unit_interval_evenly() -> None:
    values = noise_of("a").uniform((1, 1, 1000, 1000))
    assert values.min() >= 0 and values.max() < 1
    counts = torch.histc(values, 100, 0, 1)
    chi_squared, degrees_of_freedom = float(((counts - 1e4) ** 2 / 1e4).sum()), 99
    assert chi_squared < degrees_of_freedom + 4 * math.sqrt(2 * degrees_of_freedom)


def test_logarithm_and_cosine_are_exact_to_twelve_digits() -> None:
    bits = torch.cat([torch.randint(2**32, (10_000,)), torch.arange(9) * (2**29)])[:-1]
    values = (bits.double() + 0.5) / 2**32
    torch.testing.assert_close(noise._logarithm(values), values.log(), rtol=1e-12, atol=1e-12)
    cosines = (bits.double() / 2**32 * 2 * math.pi).cos()
    torch.testing.assert_close(noise._cosine_of_turn(bits), cosines, rtol=0, atol=1e-12)


def test_noise_may_be_a_vector_for_each_image() -> None:
    values = noise_of("a", "b").normal((2, 16))
    assert values.shape == (2, 16)
    assert torch.equal(values[1:], noise_of("b").normal((1, 16)))


@pytest.mark.parametrize(
    ("shape", "position", "message"),
    [
        ((2, 3, 4, 4), (0, 0), r"shape \(2, 3, 4, 4\): expected 1 images in the first dimension"),
        (SHAPE, (-1, 0), r"noise at \(-1, 0\): expected coordinates from 0"),
        ((1, 1 << 16), (0, 0), "expected 32,768 at most"),
    ],
)
def test_another_number_of_images_and_coordinates_out_of_range_are_refused(
    shape: tuple[int, ...], position: tuple[int, int], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        noise_of("a").normal(shape, at=position)


def test_noise_does_not_change_the_global_generators() -> None:
    before = torch.get_rng_state()
    noise_of("a").normal(SHAPE)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.gpu
def test_a_gpu_draws_the_same_bits() -> None:
    shape = (2, 3, 256, 256)
    for draw in ("normal", "uniform"):
        on_cpu, on_gpu = (
            getattr(noise_of("a", "b", device=device), draw)(shape, index=5).cpu()
            for device in ("cpu", "cuda")
        )
        assert torch.equal(on_cpu, on_gpu), draw


def test_a_temporary_seed_is_in_effect_within_its_block_only() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    with temporary_seed(7):
        first = torch.rand(2)
    with temporary_seed(7):
        assert torch.equal(torch.rand(2), first)
    with pytest.raises(ZeroDivisionError), temporary_seed(7):
        _ = 1 / 0
    assert torch.equal(torch.rand(2), expected)
