"""Translation in tiles of an image in memory."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from translate.batches import Domain
from translate.engine.models.tile_options import ImageTiler
from translate.engine.traced.regions import Region
from translate.images.domains.levels import ClippedNumbers
from translate.images.layers import Pixels
from translate.images.tensors import from_device, network_input


@dataclass(frozen=True)
class PixelSource:
    """An image in memory that tiles are read from."""

    pixels: Pixels
    device: torch.device
    domain: Domain

    def read(self, region: Region) -> Tensor:
        """Return a region, (1, C, height, width) in [-1, 1]."""
        part = self.pixels[slice(*region.rows), slice(*region.columns)]
        values = network_input(part, self.device, self.domain)
        return values.contiguous(memory_format=torch.channels_last)


def translate_pixels(
    tiler: ImageTiler,
    pixels: Pixels,
    dtype: str | None = None,
    clipped: ClippedNumbers | None = None,
) -> NDArray[Any] | None:
    """Return the translation of a preprocessed image (H, W, C) as `ImageModel.translate` does.

    Its dtype is that of the target domain by default. None: the translation is not finite.
    """
    source, target = tiler.model.source_and_target(tiler.to)
    size, scale = (pixels.shape[0], pixels.shape[1]), tiler.model.geometry.scale
    image = PixelSource(pixels, tiler.device, source)
    result: NDArray[Any] | None = None
    for region, output in tiler.translate(image, size):
        if not bool(output.isfinite().all()):
            return None
        if clipped:
            clipped.add(output)
        (part,) = from_device(output, target, dtype or "")
        if result is None:
            shape = (scale * size[0], scale * size[1], part.shape[2])
            result = np.empty(shape, part.dtype)
        result[slice(*region.rows), slice(*region.columns)] = part
    return result
