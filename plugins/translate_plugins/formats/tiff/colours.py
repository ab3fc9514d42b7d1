"""Conversion of the stored values of a TIFF page to gray, RGB or bands, and alpha."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from translate.images.layers import WHITE, Layers
from translate_plugins.formats.npy.arrays import EXACT
from translate_plugins.formats.tiff import pages
from translate_plugins.formats.tiff.pages import Page


def as_layers(page: Page, values: NDArray[Any]) -> Layers:
    """Return stored values, (height, width, bands), as pixels of the page's dtype."""
    indices = values[..., 0] if page.photometric == pages.PALETTE else None
    colours = _colours(page, values[..., : page.colours])
    extra = [_scaled(page, values[..., band]) for band in range(page.colours, page.bands)]
    alpha = None
    if page.alpha:
        band, multiplied = page.alpha
        alpha = extra.pop(band - page.colours)
        if multiplied and colours.dtype.kind != "i":  # undefined for signed integers
            colours = _unpremultiplied(colours, alpha)
    if extra:
        colours = np.concatenate([colours, np.stack(extra, axis=2)], axis=2)
    pixels = colours[..., 0] if colours.shape[2] == 1 else colours
    return Layers(pixels, alpha, indices)


def _colours(page: Page, values: NDArray[Any]) -> NDArray[Any]:
    match page.photometric:
        case pages.PALETTE:
            return _palette(page)[values[..., 0]]
        case pages.CMYK:
            white = np.uint32(WHITE[values.dtype])
            inverse = white - values.astype(np.uint32)
            rgb = (inverse[..., :3] * inverse[..., 3:] + white // 2) // white
            return rgb.astype(values.dtype)
        case pages.LAB:
            lab = Image.frombytes("LAB", values.shape[1::-1], values.tobytes())
            profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
            return np.asarray(ImageCms.profileToProfile(lab, *profiles, outputMode="RGB"))
        case pages.GRAY_INVERTED:
            scaled = _scaled(page, values)
            return (WHITE[scaled.dtype] - scaled).astype(scaled.dtype)
    return _scaled(page, values)


def _palette(page: Page) -> NDArray[np.uint8]:
    """Return the colours of a palette, (N, 3): stored in 16 bits, or in 8 if all are below 256."""
    table = np.asarray(page.tags.colormap).T
    if table.shape != (1 << page.bits, 3):
        raise ValueError(f"a damaged TIFF: a palette of {len(table)} colours")
    return table.astype(np.uint8) if table.max() < 256 else (table >> 8).astype(np.uint8)


def _scaled(page: Page, values: NDArray[Any]) -> NDArray[Any]:
    """Return values in the page's dtype; 1 to 7 and 9 to 15 bits are scaled to 8 and 16.

    Raises `ValueError` for values that the dtype cannot represent.
    """
    if values.dtype == bool:
        return values.astype(np.uint8) * np.uint8(255)
    if page.bits < 16 and page.bits != 8 and values.dtype.kind == "u":
        most = (1 << page.bits) - 1
        return (values.astype(np.uint32) * WHITE[np.dtype(page.dtype)] // most).astype(page.dtype)
    if values.dtype == page.dtype:
        return values
    with np.errstate(over="ignore"):
        exact = values.astype(page.dtype)
    if values.dtype.kind in "iu":
        if values.max() > EXACT or values.min() < -EXACT:
            raise ValueError(f"{page.kind}: expected values up to 2**24")
    elif (np.isinf(exact) & ~np.isinf(values)).any():
        raise ValueError(f"{page.kind}: expected values up to 3e38")
    return exact


def _unpremultiplied(colours: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Return premultiplied colours divided by `alpha`."""
    white = WHITE[colours.dtype]
    if colours.dtype.kind == "f":
        divided = colours / np.where(alpha > 0, alpha, 1)[..., None]
        return np.minimum(divided, white).astype(colours.dtype)
    divisor = np.maximum(alpha, 1)[..., None].astype(np.uint64)
    divided = (colours.astype(np.uint64) * int(white) + divisor // 2) // divisor
    return np.minimum(divided, int(white)).astype(colours.dtype)
