"""Pages of a TIFF: decoded by Pillow in up to eight bits and in CMYK, by OpenCV in more."""

from pathlib import Path

import numpy as np

from translate.errors import BadImage
from translate.images import opencv, pillow, tiff
from translate.images.decoded import Decoded, apart, from_numbers
from translate.images.headers import Header

MODES = {tiff.RGB: "RGB", tiff.PALETTE: "P", tiff.CMYK: "CMYK", tiff.YCBCR: "RGB", tiff.LAB: "LAB"}


def find(data: bytes, places: list[int], frame: int) -> tiff.Page:
    """Return the page numbered `frame`, from 0, whose pages begin at `places` in `data`."""
    if frame >= len(places):
        raise ValueError(f"it has {len(places)} pages, and page {frame + 1} was asked for")
    found = tiff.page(data, places[frame])
    tiff.require_readable(found)
    return found


def header(page: tiff.Page, count: int) -> Header:
    """Return the header of an image of `count` pages, of which this is one."""
    gray = ("1" if page.bits == 1 else "L") if page.bits <= 8 else "I;16"
    if page.kind == tiff.FLOAT and page.colours == 1:
        mode = "F"
    elif page.photometric == tiff.YCBCR and page.colours == 1:
        mode = gray
    else:
        mode = MODES.get(page.photometric, gray)
    read = page.colours + bool(page.alpha)
    return Header(
        format="TIFF",
        mode=mode,
        size=page.size[::-1] if page.orientation in range(5, 9) else page.size,
        orientation=1,
        frames=count,
        bits=max(8, page.bits),
        alpha=bool(page.alpha),
        bands=page.bands if page.bands > read else 0,
    )


def decode(data: bytes, page: tiff.Page, path: Path, max_pixels: int) -> Decoded:
    """Return the upright pixels of `page`; raises `ValueError` or `BadImage`."""
    single = tiff.alone(data, page)
    decoded = _deep(single, page) if page.by_opencv else _flat(single, page, path, max_pixels)
    return decoded if page.alpha else decoded._replace(alpha=None)


def _flat(single: bytes, page: tiff.Page, path: Path, max_pixels: int) -> Decoded:
    """Return a page of 8 bits, where Pillow minds premultiplied alpha and white that is zero."""
    try:
        with pillow.opened(single, path, max_pixels) as image:
            if page.dark and image.palette:  # as if white were 255, where it is 65535
                image.load()
                image.putpalette(tiff.palette(single, page))
            return pillow.decode(image)
    except BadImage as bad:
        raise BadImage(path, f"{page.name} that cannot be decoded: {bad.reason}") from bad


def _deep(single: bytes, page: tiff.Page) -> Decoded:
    """Return a page of more than 8 bits, of which OpenCV gives the numbers as they are."""
    pixels = opencv.numbers(single)
    bands = 1 if pixels is None or pixels.ndim == 2 else pixels.shape[2]
    if pixels is None or bands != page.bands:
        raise ValueError(f"{page.name} that cannot be decoded")
    if page.bits in (10, 12, 14):  # which it gives as the upper bits of 16
        pixels = ((pixels >> (16 - page.bits)).astype(np.uint32) * 65535) // (2**page.bits - 1)
        pixels = pixels.astype(np.uint16)
    kept = pixels if page.alpha else pixels.reshape(*pixels.shape[:2], bands)[..., : page.colours]
    if page.kind == tiff.FLOAT:
        kept = from_numbers(kept)
    if kept.dtype != np.uint16:
        raise ValueError(f"{page.name} that was decoded as {kept.dtype}")
    if page.photometric == tiff.GRAY_INVERTED:
        kept = 65535 - kept
    decoded = apart(kept.reshape(kept.shape[:2]) if page.colours == 1 else kept)
    return _straight(decoded) if page.alpha == 1 else decoded


def _straight(decoded: Decoded) -> Decoded:
    """Return premultiplied 16-bit colours as they were before."""
    assert decoded.alpha is not None
    alpha = np.maximum(decoded.alpha, 1)[..., None].astype(np.uint64)
    colours = (decoded.pixels.astype(np.uint64) * 65535 + alpha // 2) // alpha
    return Decoded(np.minimum(colours, 65535).astype(np.uint16), decoded.alpha)
