"""Label maps: images whose values name classes, so that none may appear that is not in the file.

=====================  =============================================================================
what a file holds      what it becomes
=====================  =============================================================================
a palette              with one channel its indices, with three its colours
numbers in 16 bits     the same numbers; above 255 they are refused
colours in 16 bits     8 bits, where that merges no two of them; else refused
all else               as of a photograph: `translate.images`
=====================  =============================================================================
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from translate import images
from translate.engine import pillow
from translate.engine.decoded import Decoded
from translate.engine.headers import Header
from translate.errors import BadImage

PALETTES = ("P", "PA")


def decode(
    data: bytes, path: Path, header: Header, decoded: Decoded, channels: int
) -> NDArray[np.uint8]:
    """Return a label map as (height, width, channels) bytes.

    Args:
        data: the content of the file.
        path: its name in a `BadImage`.
        header: what the file says of itself.
        decoded: its pixels, as those of a photograph.
        channels: 1 for the numbers of classes, 3 for colours.
    """
    if header.mode in PALETTES:
        with pillow.opened(data, path, images.MAX_PIXELS) as image:
            indexed = of_picture(image, channels)
        return Decoded(indexed).upright(header.orientation).pixels
    pixels = decoded.over_white()
    if pixels.dtype == np.uint16:
        pixels = _in_bytes(pixels, path)
    return images.from_decoded(Decoded(pixels), channels=channels)


def of_picture(picture: Image.Image, channels: int) -> NDArray[np.uint8]:
    """Return a PIL image with a palette as a label map, (height, width, channels) bytes."""
    kept = picture.convert("P") if picture.mode == "PA" else picture
    return np.asarray(kept if channels == 1 else kept.convert("RGB")).reshape(
        picture.height, picture.width, channels
    )


def _in_bytes(pixels: NDArray[Any], path: Path) -> NDArray[np.uint8]:
    if pixels.ndim == 2:
        if (largest := int(pixels.max())) > 255:
            raise BadImage(
                path, f"a label map with numbers up to {largest}: expected classes from 0 to 255"
            )
        return pixels.astype(np.uint8)
    if (pixels % 257).any():
        raise BadImage(
            path, "a label map of 16-bit colours, some of which 8 bits cannot tell apart: save it "
            "with 8 bits, or as a palette image"
        )  # fmt: skip
    return (pixels // 257).astype(np.uint8)
