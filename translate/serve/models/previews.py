"""Previews of images that a browser cannot show: in 8 bits, gray or three channels, as PNG."""

import numpy as np

from translate.batches import Domain
from translate.images.domains import domain_images
from translate.images.domains.levels import is_photographic
from translate.images.encode import encode_image
from translate.images.layers import Pixels
from translate.images.shown import shown_levels
from translate.images.tensors import as_tensor, to_device

SHOWN = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp"})
"""suffixes of files that every browser shows"""
LONGEST = 1600
"""pixels of the longer side of a preview"""


def needs_preview(suffix: str, domain: Domain) -> bool:
    """Return whether a browser does not show a file of this suffix as what `domain` says."""
    return suffix.lower() not in SHOWN or not is_photographic(domain)


def make_preview(pixels: Pixels, domain: Domain) -> bytes:
    """Return a PNG file, in which black and white are the ends of the domain's range.

    Args:
        pixels: (H, W, C), of which one channel or the first three are shown.
        domain: what their numbers mean.
    """
    pixels = pixels[..., :3]
    height, width = pixels.shape[:2]
    if (share := LONGEST / max(height, width)) < 1:
        size = max(1, round(height * share)), max(1, round(width * share))
        pixels = domain_images.resize(np.ascontiguousarray(pixels), size, domain)
    (shown,) = shown_levels(to_device(as_tensor(pixels)[None], "cpu", domain))
    return encode_image(shown, ".png")
