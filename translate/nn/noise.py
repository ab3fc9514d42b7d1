"""Random numbers for networks: seeded generators, and noise that is a function of coordinates."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from threading import RLock

import torch
from torch import Tensor

from translate.errors import ConfigError

_global_generators_lock = RLock()
_MAX_ROWS, _MAX_COLUMNS, _MAX_CHANNELS = 1 << 24, 1 << 24, 1 << 15
"""row, column and channel together fit 63 bits"""
_CHUNK = 1 << 15
"""number of values that are computed at once, so that they fit a CPU's cache"""


@contextmanager
def temporary_seed(seed: int) -> Iterator[None]:
    """Seed PyTorch's global generators for the block, and restore their states at its end.

    All threads share the generators, so other threads wait until the block ends.
    """
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with _global_generators_lock, torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        yield


class Noise:
    """Noise for a batch of images: a pure function of seed, image and absolute coordinates.

    An image has the same noise in any batch, in tiles, and on a CPU and a GPU, bit for bit. No
    state changes: equal calls return equal numbers, so a sampler that needs new numbers at every
    step passes the number of its step as `index`.

    Random bits are those of SplitMix64 (Steele, Lea and Flood, 2014) in counter mode. Normal values
    are computed from two uniform ones each (Box and Muller, 1958), in float64, using only
    additions, multiplications, divisions and square roots, which every device rounds equally.

    Args:
        seed: A seed for all images.
        images: A key for each image of the batch, such as a hash of its pixels.
        origin: Row and column of the batch in the whole images, if it has tiles of them.
        device: The device of the results.

    Example:
        >>> noise = Noise(0, ["first", "second"])
        >>> noise.normal((2, 3, 64, 64)).shape
        torch.Size([2, 3, 64, 64])
    """

    def __init__(
        self,
        seed: int,
        images: Sequence[str],
        *,
        origin: tuple[int, int] = (0, 0),
        device: torch.device | str = "cpu",
    ) -> None:
        self.seed, self.images = seed, tuple(images)
        self.origin, self.device = origin, torch.device(device)

    def normal(
        self, shape: Sequence[int], *, at: tuple[int, int] = (0, 0), index: int = 0
    ) -> Tensor:
        """Return numbers of N(0, 1), float32.

        Args:
            shape: (N, C, H, W) or (N, C), for the N images of the batch.
            at: Row and column of the first value, relative to `origin`.
            index: Number of the draw: draws with different numbers are independent.
        """
        return _normal(self._bits(shape, at, index))

    def uniform(
        self, shape: Sequence[int], *, at: tuple[int, int] = (0, 0), index: int = 0
    ) -> Tensor:
        """Return numbers of U[0, 1), float32, for the arguments of `normal`."""
        return ((self._bits(shape, at, index) >> 40) & 0xFFFFFF).float() / 2**24

    def tile(self, at: tuple[int, int]) -> "Noise":
        """Return the noise of tiles of these images, which begin at row and column `at`."""
        origin = self.origin[0] + at[0], self.origin[1] + at[1]
        return Noise(self.seed, self.images, origin=origin, device=self.device)

    def _bits(self, shape: Sequence[int], at: tuple[int, int], index: int) -> Tensor:
        """Return 64 random bits for each value, as int64."""
        count, channels, height, width = shape if len(shape) == 4 else (*shape, 1, 1)
        if count != len(self.images):
            raise ConfigError(
                f"noise of shape {tuple(shape)}: expected {len(self.images)} images in the first "
                "dimension, as many as there are in the batch."
            )
        top, left = self.origin[0] + at[0], self.origin[1] + at[1]
        if not (0 <= top <= _MAX_ROWS - height and 0 <= left <= _MAX_COLUMNS - width):
            raise ConfigError(
                f"noise at {(top, left)}: expected coordinates from 0 to {_MAX_ROWS:,}."
            )
        if channels > _MAX_CHANNELS:
            raise ConfigError(f"noise of {channels} channels: expected {_MAX_CHANNELS:,} at most.")
        rows = torch.arange(top, top + height, device=self.device)[:, None] * _MAX_COLUMNS
        columns = torch.arange(left, left + width, device=self.device)
        planes = torch.arange(channels, device=self.device)[:, None, None] * (
            _MAX_ROWS * _MAX_COLUMNS
        )
        counters = (planes + rows + columns)[None]
        keys = [_hash_int64(f"{self.seed}/{index}/{image}".encode()) for image in self.images]
        seeds = torch.tensor(keys, device=self.device)[:, None, None, None]
        return _mix(seeds + counters * _to_signed(0x9E3779B97F4A7C15)).view(*shape)


def _hash_int64(data: bytes) -> int:
    """Return a hash of `data` as a signed number of 64 bits."""
    return int.from_bytes(sha256(data).digest()[:8], "little", signed=True)


def _to_signed(value: int) -> int:
    """Return the signed number that has the 64 bits of `value`."""
    return value - (1 << 64) if value >> 63 else value


def _mix(state: Tensor) -> Tensor:
    """Return the output of SplitMix64 for each state; int64 overflows as unsigned numbers do."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        state = (state ^ _shift_right(state, shift)) * _to_signed(factor)
    return state ^ _shift_right(state, 31)


def _shift_right(state: Tensor, count: int) -> Tensor:
    """Shift to the right by `count` bits, filling with zeros."""
    return (state >> count) & ((1 << (64 - count)) - 1)


def _normal(bits: Tensor) -> Tensor:
    """Return a number of N(0, 1), float32, for each 64 random bits."""
    result = torch.empty(bits.shape, device=bits.device)
    chunks = zip(bits.flatten().split(_CHUNK), result.view(-1).split(_CHUNK), strict=True)
    for bits_chunk, result_chunk in chunks:
        upper_bits, lower_bits = (bits_chunk >> 32) & 0xFFFFFFFF, bits_chunk & 0xFFFFFFFF
        uniform = upper_bits.double().add_(0.5).mul_(2.0**-32)
        radius = _logarithm(uniform).mul_(-2).sqrt_()
        result_chunk.copy_(radius.mul_(_cosine_of_turn(lower_bits)))
    return result


def _logarithm(values: Tensor) -> Tensor:
    """Return the natural logarithm of float64 in (0, 1), as 2 artanh((m - 1) / (m + 1)) + e ln 2.

    The mantissa m is in [0.7, 1.4], so that eight terms of the series have twelve digits.
    """
    mantissa, exponent = torch.frexp(values)  # mantissa in [0.5, 1)
    is_small = mantissa < 0.70710678  # about sqrt(0.5)
    mantissa = torch.where(is_small, mantissa * 2, mantissa)
    ratio = (mantissa - 1).div_(mantissa + 1)
    square = ratio * ratio
    series = torch.full_like(square, 1 / 15)
    for odd in range(13, 0, -2):
        series.mul_(square).add_(1 / odd)
    return series.mul_(ratio).mul_(2).add_((exponent - is_small.int()).double().mul_(math.log(2)))


def _cosine_of_turn(bits: Tensor) -> Tensor:
    """Return the cosine, float64, of the angle ``2 * pi * bits / 2**32``.

    The upper two bits are the quadrant. The other bits are an angle in [0, pi/2]; for half of it,
    eight terms of the Taylor series have twelve digits.
    """
    quadrant = bits >> 30
    fraction = (bits & 0x3FFFFFFF).double().mul_(2.0**-30)
    is_odd = (quadrant & 1).bool()  # where the angle from the horizontal axis decreases
    half_angle = torch.where(is_odd, 1 - fraction, fraction).mul_(math.pi / 4)
    square = half_angle.mul_(half_angle)
    series = torch.ones_like(square)
    for even in range(14, 0, -2):
        series.mul_(square).mul_(-1 / (even * (even - 1))).add_(1)
    cosine = series.mul_(series).mul_(2).sub_(1)  # of the angle, from that of its half
    return torch.where((quadrant == 1) | (quadrant == 2), -cosine, cosine)
