"""Conversion of colours to sRGB by the colour profile of their file."""

from dataclasses import replace
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

from translate.formats import Header, Note
from translate.images.layers import Layers


def in_srgb(layers: Layers, header: Header) -> tuple[Layers, Header, tuple[Note, ...]]:
    """Return an image in sRGB, with a header without a profile.

    RGB of 8 bits is converted with perceptual intent. Gray images, other dtypes and images with
    damaged profiles are returned unchanged with a note; images without a profile count as sRGB.
    """
    profile = bytes(header.extra.get("icc_profile", b""))
    if not profile:
        return layers, header, ()
    if layers.pixels.dtype != np.uint8 or layers.pixels.shape[2:] != (3,):
        return layers, header, (_not_converted_note("only RGB of 8 bits is converted"),)
    try:
        pixels = np.asarray(
            ImageCms.profileToProfile(
                Image.fromarray(np.ascontiguousarray(layers.pixels)),
                ImageCms.ImageCmsProfile(BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
            )
        )
    except (ImageCms.PyCMSError, OSError):
        return layers, header, (_not_converted_note("it is damaged, or not for RGB"),)
    extra = {key: value for key, value in header.extra.items() if key != "icc_profile"}
    return layers._replace(pixels=pixels), replace(header, extra=extra), ()


def _not_converted_note(reason: str) -> Note:
    """Return the note that the colours of an image are not converted, with the reason."""
    return Note("profile", f"its colours are not converted to sRGB: {reason}")


def unconverted_windows(header: Header) -> tuple[Note, ...]:
    """Return a note if an image that is read in windows has a profile: it is not converted."""
    return (_not_converted_note("it is read in windows"),) if "icc_profile" in header.extra else ()
