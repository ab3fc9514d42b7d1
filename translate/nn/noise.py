"""Random numbers for networks: seeded generators, and noise that is a function of coordinates."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from threading import RLock

import torch
from torch import Tensor

from translate.errors import ConfigError

_global_generators = RLock()
_ROWS, _COLUMNS, _CHANNELS = 1 << 24, 1 << 24, 1 << 15
"""limits of coordinates: row, column and channel together fit 63 bits"""
_CHUNK = 1 << 15
"""number of values that are computed at once, so that they fit a CPU's cache"""
_LN2, _PI = math.log(2), math.pi


@contextmanager
def temporary_seed(seed: int) -> Iterator[None]:
    """Seed PyTorch's global generators for the block, and restore their states at its end.

    They belong to the process: only one thread at a time may be in such a block.
    """
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with _global_generators, torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        yield


class Noise:
    """Noise for a batch of images: a pure function of seed, image and absolute coordinates.

    An image has the same noise alone, in any batch, and in a tile that begins at `origin`; and the
    same on a CPU and a GPU, bit for bit. No state changes: the same call returns the same numbers,
    and a sampler that needs new ones at every step passes the number of its step as `index`.

    Random bits are those of SplitMix64 (Steele, Lea and Flood, 2014) in counter mode. Normal values
    are computed from two uniform ones each (Box and Muller, 1958), in float64, using only
    additions, multiplications, divisions and square roots, which every device rounds equally.

    Args:
        seed: the first part of the key of every image.
        images: the second part, one for each image of the batch, such as a hash of its pixels.
        origin: row and column at which the batch begins in the whole images.
        device: the device of the results.

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
            at: row and column of the first value, relative to `origin`.
            index: the number of the draw: draws with different numbers are independent.
        """
        return _normal(self._bits(shape, at, index))

    def uniform(
        self, shape: Sequence[int], *, at: tuple[int, int] = (0, 0), index: int = 0
    ) -> Tensor:
        """Return numbers of U[0, 1), float32; the arguments are those of `normal`."""
        return ((self._bits(shape, at, index) >> 40) & 0xFFFFFF).float() / 2**24

    def tile(self, at: tuple[int, int]) -> "Noise":
        """Return the noise of tiles that begin at row and column `at` of these images."""
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
        if not (0 <= top <= _ROWS - height and 0 <= left <= _COLUMNS - width):
            raise ConfigError(f"noise at {(top, left)}: expected coordinates from 0 to {_ROWS:,}.")
        if channels > _CHANNELS:
            raise ConfigError(f"noise of {channels} channels: expected {_CHANNELS:,} at most.")
        rows = torch.arange(top, top + height, device=self.device)[:, None] * _COLUMNS
        columns = torch.arange(left, left + width, device=self.device)
        planes = torch.arange(channels, device=self.device)[:, None, None] * (_ROWS * _COLUMNS)
        counters = (planes + rows + columns)[None]
        keys = [_int64(f"{self.seed}/{index}/{image}".encode()) for image in self.images]
        start = torch.tensor(keys, device=self.device)[:, None, None, None]
        return _mix(start + counters * _signed(0x9E3779B97F4A7C15)).view(*shape)


def _int64(data: bytes) -> int:
    """Return a hash of `data` as a signed number of 64 bits."""
    return int.from_bytes(sha256(data).digest()[:8], "little", signed=True)


def _signed(value: int) -> int:
    """Return the signed number that has the 64 bits of `value`."""
    return value - (1 << 64) if value >> 63 else value


def _mix(state: Tensor) -> Tensor:
    """Return the output of SplitMix64 for each state; int64 overflows as unsigned numbers do."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        state = (state ^ _shifted(state, shift)) * _signed(factor)
    return state ^ _shifted(state, 31)


def _shifted(state: Tensor, count: int) -> Tensor:
    """Shift to the right, filling with zeros."""
    return (state >> count) & ((1 << (64 - count)) - 1)


def _normal(bits: Tensor) -> Tensor:
    """Return a number of N(0, 1), float32, for each 64 random bits."""
    result = torch.empty(bits.shape, device=bits.device)
    pieces = bits.flatten().split(_CHUNK), result.view(-1).split(_CHUNK)
    for part, out in zip(*pieces, strict=True):
        first, second = (part >> 32) & 0xFFFFFFFF, part & 0xFFFFFFFF
        uniform = first.double().add_(0.5).mul_(2.0**-32)
        out.copy_(_logarithm(uniform).mul_(-2).sqrt_().mul_(_cosine_of_turn(second)))
    return result


def _logarithm(values: Tensor) -> Tensor:
    """Return the natural logarithm of float64 in (0, 1), as 2 artanh((m - 1) / (m + 1)) + e ln 2.

    The mantissa m is in [0.7, 1.4], so that seven terms of the series have twelve digits.
    """
    mantissa, exponent = torch.frexp(values)  # in [0.5, 1)
    small = mantissa < 0.70710678
    mantissa = torch.where(small, mantissa * 2, mantissa)
    ratio = (mantissa - 1).div_(mantissa + 1)
    square = ratio * ratio
    series = torch.full_like(square, 1 / 15)
    for odd in range(13, 0, -2):
        series.mul_(square).add_(1 / odd)
    return series.mul_(ratio).mul_(2).add_((exponent - small.int()).double().mul_(_LN2))


def _cosine_of_turn(bits: Tensor) -> Tensor:
    """Return the cosine, float64, of a turn of ``bits / 2**32``.

    The upper two bits are the quarter; the others are an angle of which half is in [0, pi/4], where
    six terms of the Taylor series have twelve digits.
    """
    quarter = bits >> 30
    rest = (bits & 0x3FFFFFFF).double().mul_(2.0**-30)
    half = torch.where((quarter & 1).bool(), 1 - rest, rest).mul_(_PI / 4)  # mirrored
    square = half.mul_(half)
    series = torch.ones_like(square)
    for even in range(14, 0, -2):
        series.mul_(square).mul_(-1 / (even * (even - 1))).add_(1)
    cosine = series.mul_(series).mul_(2).sub_(1)  # of the whole angle
    return torch.where((quarter == 1) | (quarter == 2), -cosine, cosine)
