"""Encode pixels as image files."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from translate.engine.disk import files
from translate.formats import Header
from translate.images.files import format_registry
from translate.images.layers import Pixels


def encode_image(pixels: Pixels, suffix: str, like: Header | None = None) -> bytes:
    """Return the content of an image file.

    Args:
        pixels: (H, W, C).
        suffix: The suffix of the format, such as ``.png``.
        like: Header of an image. The file gets its metadata, such as the colour profile; its
            `alpha` says whether the last channel of `pixels` is alpha.

    Raises:
        ValueError: No format writes this suffix, or it cannot store this number of channels or
            this dtype.
    """
    channels, dtype = pixels.shape[2], pixels.dtype.name
    named_format = format_registry.writer_of(suffix)
    if named_format is None:
        raise ValueError(f"no format writes files of the suffix {suffix!r}")
    like = like or Header(format="", size=pixels.shape[:2], channels=channels, dtype=dtype)
    if not format_registry.can_hold(suffix, channels, dtype, alpha=like.alpha):
        alpha = ", with alpha" if like.alpha else ""
        raise ValueError(f"{suffix} cannot store {channels} channels of {dtype}{alpha}")
    return named_format.format.write(pixels, like)


def write_image(path: Path, pixels: NDArray[np.uint8], like: Header | None = None) -> None:
    """Write an image (H, W, C) atomically, in the format of the suffix of `path`.

    `like` is the header of an image; the file gets its metadata.
    """
    files.replace(path, encode_image(pixels, path.suffix, like))
