"""The noise of a tile is a region of the noise of the whole image."""

import pytest
import torch

from translate.engine.traced.noise import NoiseRecorder, NoiseSource
from translate.engine.traced.operators import UnsupportedError
from translate.engine.traced.regions import Region, Span
from translate.nn.noise import Noise


def test_a_region_of_the_noise_is_a_part_of_the_whole_noise() -> None:
    recorder = NoiseRecorder(torch.device("cpu"))
    recorder.uniform((1, 2, 9, 8), at=(1, 2), index=3)
    (request,), noise = recorder.requests, Noise(5, ["image"])
    tile = NoiseSource(noise, request).read(Region(Span(2, 6), Span(1, 8)))
    assert torch.equal(tile, noise.uniform((1, 2, 9, 8), at=(1, 2), index=3)[..., 2:6, 1:8])


def test_noise_without_height_and_width_is_refused() -> None:
    with pytest.raises(UnsupportedError, match=r"\(1, 8\)"):
        NoiseRecorder(torch.device("cpu")).normal((1, 8))
