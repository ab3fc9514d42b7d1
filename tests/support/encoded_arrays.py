"""Arrays as image files, in the type and with the channels that they have."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from translate.formats import Header
from translate.images.encode import encode_image
from translate.images.source import EncodedImage


def write_array(path: Path, array: NDArray[Any], **extra: Any) -> None:
    """Write (H, W) or (H, W, C) numbers; the fourth channel of a PNG or WebP is opacity."""
    pixels = array if array.ndim == 3 else array[..., None]
    alpha = pixels.shape[2] in (2, 4) and path.suffix in (".png", ".webp")
    header = Header(
        format="", size=pixels.shape[:2], channels=pixels.shape[2], alpha=alpha,
        dtype=pixels.dtype.name, extra=extra,
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_image(pixels, path.suffix, header))


def read_array(path: Path) -> NDArray[Any]:
    """Return the (H, W, C) numbers of a file as they are in it, opacity last."""
    layers = EncodedImage.open(path).decode_layers()
    if layers.alpha is not None:
        return layers.with_alpha()
    return layers.pixels if layers.pixels.ndim == 3 else np.expand_dims(layers.pixels, 2)
