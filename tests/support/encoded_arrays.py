"""Arrays as image files, with their dtype and channels."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from translate.formats import Header
from translate.images.encode import encode_image
from translate.images.source import EncodedImage


def write_array(path: Path, array: NDArray[Any], **extra: Any) -> None:
    """Write an array (H, W) or (H, W, C); the second or fourth channel of PNG and WebP is alpha."""
    pixels = array if array.ndim == 3 else array[..., None]
    alpha = pixels.shape[2] in (2, 4) and path.suffix in (".png", ".webp")
    header = Header(
        format="", size=pixels.shape[:2], channels=pixels.shape[2], alpha=alpha,
        dtype=pixels.dtype.name, extra=extra,
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_image(pixels, path.suffix, header))


def read_array(path: Path) -> NDArray[Any]:
    """Return the pixels of a file, (H, W, C), with alpha as the last channel."""
    layers = EncodedImage.open(path).decode_layers()
    if layers.alpha is not None:
        return layers.with_alpha()
    return layers.pixels if layers.pixels.ndim == 3 else np.expand_dims(layers.pixels, 2)
