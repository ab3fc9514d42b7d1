"""Scale images to the size before the training crop, and cache the results."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from translate.batches import Domain
from translate.engine.loading.cache import Cache
from translate.images.domains import domain_images
from translate.images.layers import Pixels
from translate.images.tensors import as_tensor


def scale(pixels: Pixels, size: tuple[int, int], domain: Domain) -> Tensor:
    """Return an image at another size, almost equal to that of `domain_images.resize`.

    8-bit images are scaled by PyTorch, which is two to four times as fast as Pillow. Values differ
    by at most 2 levels, and less than one in 10,000 by more than 1.

    Args:
        pixels: (H, W, C).
        size: Height and width.
        domain: The domain that the image belongs to.

    Returns:
        (C, height, width) in any memory layout, which may share memory with `pixels`.
    """
    if pixels.shape[:2] == size:
        return torch.from_numpy(_writable(pixels)).permute(2, 0, 1)
    if domain.labels or pixels.dtype != np.uint8:
        return as_tensor(domain_images.resize(pixels, size, domain))
    image = torch.from_numpy(_writable(pixels))
    if pixels.shape[2] == 3:  # a channels-last view, which PyTorch scales faster
        images = image[None].permute(0, 3, 1, 2)
    else:
        images = image.permute(2, 0, 1)[None]
    return F.interpolate(images, size, mode="bicubic", antialias=True)[0]


def _writable(pixels: Pixels) -> Pixels:
    """Return `pixels`, copied if they are read-only: PyTorch warns of such arrays."""
    return pixels if pixels.flags.writeable else pixels.copy()


class ScaledImages:
    """Scales images like the function `scale`, but each image of a `Cache` once.

    Results for images in the cache, or for views of them, are kept up to `memory` bytes.
    """

    def __init__(self, cache: Cache, memory: float) -> None:
        self._cache, self._memory = cache, memory
        self._results: dict[tuple[object, ...], Tensor] = {}

    def __call__(self, pixels: Pixels, size: tuple[int, int], domain: Domain) -> Tensor:
        """Return (C, height, width), which must not be changed."""
        offset = None if pixels.shape[:2] == size else self._cache.offset_of(pixels)
        if offset is None:
            return scale(pixels, size, domain)
        key = (offset, pixels.shape, pixels.strides, size, domain.labels)
        if (result := self._results.get(key)) is None:
            result = scale(pixels, size, domain).contiguous()
            if result.nbytes <= self._memory:
                self._memory -= result.nbytes
                self._results[key] = result
        return result
