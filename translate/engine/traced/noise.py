"""Noise of a traced function: what each call of `Noise` returns is an input of the function."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from translate.engine.traced.operators import UnsupportedError
from translate.engine.traced.regions import Region
from translate.nn.noise import Noise


class NoiseRequest(NamedTuple):
    """One call of `Noise.normal` or `Noise.uniform`."""

    is_normal: bool
    shape: tuple[int, ...]
    at: tuple[int, int]
    """row and column of the first pixel in the noise of the whole image"""
    number: int
    """the argument `index` of the call"""


class NoiseRecorder(Noise):
    """Replaces the noise while a function is traced, and records the calls in `requests`.

    Args:
        device: the device of the results.
        inputs: the results of the calls, in order; None: empty tensors, for a first trace.
    """

    def __init__(self, device: torch.device, inputs: Sequence[Tensor] | None = None) -> None:
        super().__init__(0, [""], device=device)
        self.requests: list[NoiseRequest] = []
        self._inputs = inputs

    def normal(
        self, shape: Sequence[int], *, at: tuple[int, int] = (0, 0), index: int = 0
    ) -> Tensor:
        return self._request(NoiseRequest(True, tuple(shape), at, index))

    def uniform(
        self, shape: Sequence[int], *, at: tuple[int, int] = (0, 0), index: int = 0
    ) -> Tensor:
        return self._request(NoiseRequest(False, tuple(shape), at, index))

    def tile(self, at: tuple[int, int]) -> Noise:
        raise UnsupportedError(f"noise of a tile at {at}")

    def _request(self, request: NoiseRequest) -> Tensor:
        if len(request.shape) != 4:
            raise UnsupportedError(f"noise of the shape {request.shape}")
        self.requests.append(request)
        if self._inputs is None:
            return torch.empty(request.shape, device=self.device)
        return self._inputs[len(self.requests) - 1]


class NoiseSource(NamedTuple):
    """The noise of a request, region by region."""

    noise: Noise
    """the noise of one whole image"""
    request: NoiseRequest

    def read(self, region: Region) -> Tensor:
        """Return a region of the noise, (1, C, height, width)."""
        request = self.request
        shape = (1, request.shape[1], *region.size)
        at = request.at[0] + region.rows.start, request.at[1] + region.columns.start
        draw = self.noise.normal if request.is_normal else self.noise.uniform
        return draw(shape, at=at, index=request.number)
