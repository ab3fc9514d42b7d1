"""Images of Pillow as layers: what is opened from a file, and what a user gives."""

import numpy as np
from PIL import Image, ImageCms
from PIL.ImageFile import ImageFile

from translate.images.layers import Layers, split_alpha, to_uint16


def to_layers(image: Image.Image) -> Layers:
    """Return the pixels of `image`; colour of more than eight bits is cut to eight.

    Raises `ValueError` for numbers that are out of range.
    """
    stored = str(image.tile[0].args) if isinstance(image, ImageFile) and image.tile else ""
    image.load()
    key = image.info.get("transparency")
    if image.mode.startswith("I;16"):
        deep = np.asarray(image).astype(np.uint16)
        return Layers(deep, None if key is None else np.where(deep == key, 0, 65535).astype("u2"))
    if image.mode in ("I", "F"):
        return Layers(to_uint16(np.asarray(image)))
    if isinstance(key, tuple) and max(key) > 255:
        raise ValueError("a transparent colour of 16 bits is not read in several frames")
    if image.mode in ("1", "L"):
        gray = np.asarray(image.convert("L"))
        if not isinstance(key, int):
            return Layers(gray)
        key *= {"L;2": 85, "L;4": 17}.get(stored, 1)  # Pillow scales the pixels, not this
        return Layers(gray, np.where(gray == key, 0, 255).astype(np.uint8))
    if image.mode in ("P", "PA"):
        return _of_palette(image)
    if image.mode in ("La", "RGBa"):
        image = image.convert(image.mode.upper())
    if image.mode == "LA":
        return Layers(*np.moveaxis(np.asarray(image), 2, 0))
    if image.has_transparency_data:
        return split_alpha(np.asarray(image.convert("RGBA")))
    if image.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return Layers(np.asarray(ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")))
    return Layers(np.asarray(image.convert("RGB")))


def _of_palette(image: Image.Image) -> Layers:
    """Return the colours of a palette image, with their indices."""
    indices = np.asarray(image)
    transparent = image.has_transparency_data
    colours = split_alpha(np.asarray(image.convert("RGBA" if transparent else "RGB")))
    return colours._replace(indices=indices if indices.ndim == 2 else indices[..., 0])
