"""Conversion of the stored values of a TIFF page to pixels and an alpha channel."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from translate.images.layers import WHITE, Layers
from translate_plugins.formats.npy.arrays import MAX_EXACT
from translate_plugins.formats.tiff import pages
from translate_plugins.formats.tiff.pages import Page


def as_layers(page: Page, values: NDArray[Any]) -> Layers:
    """Return stored values, (height, width, bands), as layers of the page's dtype.

    The layers are pixels, alpha and, for palettes, indices. Raises `ValueError` for values that the
    dtype cannot represent.
    """
    indices = values[..., 0] if page.photometric == pages.PALETTE else None
    colours = _convert_colours(page, values[..., : page.colours])
    extra_bands = [
        _scale_to_dtype(page, values[..., band]) for band in range(page.colours, page.bands)
    ]
    alpha = None
    if page.alpha:
        band, is_premultiplied = page.alpha
        alpha = extra_bands.pop(band - page.colours)
        if is_premultiplied and colours.dtype.kind != "i":  # undefined for signed integers
            colours = _unpremultiply(colours, alpha)
    if extra_bands:
        colours = np.concatenate([colours, np.stack(extra_bands, axis=2)], axis=2)
    pixels = colours[..., 0] if colours.shape[2] == 1 else colours
    return Layers(pixels, alpha, indices)


def _convert_colours(page: Page, values: NDArray[Any]) -> NDArray[Any]:
    """Return gray, where 0 is black, or RGB; bands of another meaning are returned as they are."""
    match page.photometric:
        case pages.PALETTE:
            return _read_palette(page)[values[..., 0]]
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
            scaled = _scale_to_dtype(page, values)
            return (WHITE[scaled.dtype] - scaled).astype(scaled.dtype)
    return _scale_to_dtype(page, values)


def _read_palette(page: Page) -> NDArray[np.uint8]:
    """Return the colours of a palette, (N, 3) bytes.

    They are stored in 16 bits. Some programs store bytes: a palette without values above 255 is
    taken as bytes.
    """
    table = np.asarray(page.tags.colormap).T
    if table.shape != (1 << page.bits, 3):
        raise ValueError(f"a damaged TIFF: a palette of {len(table)} colours")
    return table.astype(np.uint8) if table.max() < 256 else (table >> 8).astype(np.uint8)


def _scale_to_dtype(page: Page, values: NDArray[Any]) -> NDArray[Any]:
    """Return values in the page's dtype, scaled to its full range if they have fewer bits.

    Unsigned values of 1 to 7 bits are scaled to 8 bits, those of 9 to 15 bits to 16 bits.

    Raises `ValueError` for values that the dtype cannot represent.
    """
    if values.dtype == bool:
        return values.astype(np.uint8) * np.uint8(255)
    if page.bits < 16 and page.bits != 8 and values.dtype.kind == "u":
        stored_white, white = (1 << page.bits) - 1, WHITE[np.dtype(page.dtype)]
        return (values.astype(np.uint32) * white // stored_white).astype(page.dtype)
    if values.dtype == page.dtype:
        return values
    with np.errstate(over="ignore"):
        converted = values.astype(page.dtype)
    if values.dtype.kind in "iu":
        if values.max() > MAX_EXACT or values.min() < -MAX_EXACT:
            raise ValueError(f"{page.kind}: expected values up to 2**24")
    elif (np.isinf(converted) & ~np.isinf(values)).any():
        raise ValueError(f"{page.kind}: expected values up to 3e38, the largest of float32")
    return converted


def _unpremultiply(colours: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Return premultiplied colours divided by `alpha`."""
    white = WHITE[colours.dtype]
    if colours.dtype.kind == "f":
        divided = colours / np.where(alpha > 0, alpha, 1)[..., None]
        return np.minimum(divided, white).astype(colours.dtype)
    divisor = np.maximum(alpha, 1)[..., None].astype(np.uint64)
    divided = (colours.astype(np.uint64) * int(white) + divisor // 2) // divisor
    return np.minimum(divided, int(white)).astype(colours.dtype)
