"""Colours in sRGB, converted through the colour profile of their file."""

from dataclasses import replace
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

from translate.formats import Header, Note
from translate.images.layers import Layers


def in_srgb(layers: Layers, header: Header) -> tuple[Layers, Header, tuple[Note, ...]]:
    """Return an image in sRGB and its header without a profile; or both unchanged, with a note.

    Images without a profile are sRGB already. Colours in 8 bits are converted with perceptual
    intent; gray images, other dtypes and images with damaged profiles are not converted.
    """
    profile = bytes(header.extra.get("icc_profile", b""))
    if not profile:
        return layers, header, ()
    if layers.pixels.dtype != np.uint8 or layers.pixels.shape[2:] != (3,):
        return layers, header, (_unconverted("only RGB of 8 bits is converted"),)
    try:
        pixels = np.asarray(
            ImageCms.profileToProfile(
                Image.fromarray(np.ascontiguousarray(layers.pixels)),
                ImageCms.ImageCmsProfile(BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
            )
        )
    except (ImageCms.PyCMSError, OSError):
        return layers, header, (_unconverted("it is damaged, or not for RGB"),)
    extra = {key: value for key, value in header.extra.items() if key != "icc_profile"}
    return layers._replace(pixels=pixels), replace(header, extra=extra), ()


def _unconverted(reason: str) -> Note:
    """Return the note that the colours of an image are not converted, with the reason."""
    return Note("profile", f"its colours are not converted to sRGB: {reason}")


def unconverted_windows(header: Header) -> tuple[Note, ...]:
    """Return a note for an image with a profile that is read in windows: they are not converted."""
    return (_unconverted("it is read in windows"),) if "icc_profile" in header.extra else ()
