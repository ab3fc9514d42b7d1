"""Previews for browsers: 8-bit PNG files, gray or RGB, of images that browsers cannot display."""

import numpy as np

from translate.batches import Domain
from translate.images.contact_sheet import display_bytes
from translate.images.domains import domain_images
from translate.images.domains.levels import is_photographic
from translate.images.encode import encode_image
from translate.images.layers import Pixels
from translate.images.tensors import as_tensor, to_device

DISPLAYED_SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp"})
"""suffixes of the formats that every browser displays"""
MAX_SIDE = 1600
"""maximum of the longer side of a preview, in pixels"""


def needs_preview(suffix: str, domain: Domain) -> bool:
    """Return whether browsers cannot display a file, or not as `domain` defines its values."""
    return suffix.lower() not in DISPLAYED_SUFFIXES or not is_photographic(domain)


def make_preview(pixels: Pixels, domain: Domain) -> bytes:
    """Return a PNG file that shows the value range of the domain as black to white.

    Args:
        pixels: (H, W, C) in the value range of `domain`. Of two channels the first is shown, of
            more than three the first three.
        domain: Defines the value range and the channels of `pixels`.
    """
    pixels = pixels[..., :3]
    height, width = pixels.shape[:2]
    if (factor := MAX_SIDE / max(height, width)) < 1:
        size = max(1, round(height * factor)), max(1, round(width * factor))
        pixels = domain_images.resize(np.ascontiguousarray(pixels), size, domain)
    (levels,) = display_bytes(to_device(as_tensor(pixels)[None], "cpu", domain))
    return encode_image(levels, ".png")
