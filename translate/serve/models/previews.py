"""Previews of images that browsers cannot display: 8-bit PNG, gray or RGB."""

import numpy as np

from translate.batches import Domain
from translate.images.domains import domain_images
from translate.images.domains.levels import is_photographic
from translate.images.encode import encode_image
from translate.images.layers import Pixels
from translate.images.shown import shown_levels
from translate.images.tensors import as_tensor, to_device

DISPLAYED_SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp"})
"""suffixes of formats that all browsers display"""
MAX_SIDE = 1600
"""longer side of a preview, in pixels"""


def needs_preview(suffix: str, domain: Domain) -> bool:
    """Return whether browsers do not display a file of this suffix and domain as it is meant."""
    return suffix.lower() not in DISPLAYED_SUFFIXES or not is_photographic(domain)


def make_preview(pixels: Pixels, domain: Domain) -> bytes:
    """Return a PNG file with the range of the domain from black to white.

    Args:
        pixels: (H, W, C), of which one channel or the first three are used.
        domain: The domain of the pixels.
    """
    pixels = pixels[..., :3]
    height, width = pixels.shape[:2]
    if (factor := MAX_SIDE / max(height, width)) < 1:
        size = max(1, round(height * factor)), max(1, round(width * factor))
        pixels = domain_images.resize(np.ascontiguousarray(pixels), size, domain)
    (shown,) = shown_levels(to_device(as_tensor(pixels)[None], "cpu", domain))
    return encode_image(shown, ".png")
