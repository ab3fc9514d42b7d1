"""Images at the size from which training crops are taken, kept in memory while there is room."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from translate.batches import Domain
from translate.engine.loading.cache import Cache
from translate.images import domain_images
from translate.images.layers import Pixels
from translate.images.tensors import as_tensor


def scale(pixels: Pixels, size: tuple[int, int], domain: Domain) -> Tensor:
    """Return an image at another size, as `domain_images.resize` makes it up to rounding.

    Of bytes almost all values are equal, hardly any is 2 levels off: PyTorch is two to four times
    as fast as Pillow, and makes what is cropped faster.

    Args:
        pixels: (H, W, C).
        size: Height and width.
        domain: The domain that the image belongs to.

    Returns:
        (C, height, width), which may share memory with `pixels`.
    """
    if pixels.shape[:2] == size:
        return torch.from_numpy(_writable(pixels)).permute(2, 0, 1)
    if domain.labels or pixels.dtype != np.uint8:
        return as_tensor(domain_images.resize(pixels, size, domain))
    images = torch.from_numpy(_writable(pixels)).permute(2, 0, 1)[None]
    return F.interpolate(images, size, mode="bicubic", antialias=True)[0]


def _writable(pixels: Pixels) -> Pixels:
    """Return `pixels`, copied where they are read-only: PyTorch warns of such arrays."""
    return pixels if pixels.flags.writeable else pixels.copy()


class ScaledImages:
    """Scales images of a `Cache`, each once.

    Call it as `scale`. Kept are images that lie in the cache, or are parts of such, until `room`
    bytes are taken.

    Args:
        cache: The decoded images.
        room: The largest size of all images that are kept, in bytes.
    """

    def __init__(self, cache: Cache, room: float) -> None:
        self._cache, self._room = cache, room
        self._kept: dict[tuple[object, ...], Tensor] = {}

    def __call__(self, pixels: Pixels, size: tuple[int, int], domain: Domain) -> Tensor:
        """Return (C, height, width), which is not to be changed."""
        place = None if pixels.shape[:2] == size else self._cache.place_of(pixels)
        if place is None:
            return scale(pixels, size, domain)
        key = (place, pixels.shape, pixels.strides, size, domain.labels)
        if (kept := self._kept.get(key)) is None:
            kept = scale(pixels, size, domain).contiguous()
            if kept.nbytes <= self._room:
                self._room -= kept.nbytes
                self._kept[key] = kept
        return kept
