"""Writes a TIFF in the layout of the input that it was translated from."""

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from translate.formats import Header
from translate_plugins.formats.tiff import exif as tiff_exif
from translate_plugins.formats.tiff import pages
from translate_plugins.formats.tiff import tags as tiff_tags
from translate_plugins.formats.tiff.tags import Tag

CLASSIC_LIMIT = 3 << 30
"""size of pixels in bytes above which a BigTIFF is written; a TIFF can store 4 GiB"""


def encode(pixels: NDArray[Any], like: Header) -> bytes:
    """Return the content of a file of one page."""
    from tifffile import TiffWriter

    kept, buffer = like.extra, BytesIO()
    options = _options(pixels.shape, pixels.dtype, like)
    block = kept.get("tiff_block")
    if isinstance(block, tuple) and not any(side % 16 for side in block):
        options["tile"] = block
    elif isinstance(block, int) and block:
        options["rowsperstrip"] = min(block, pixels.shape[0])
    if kept.get("tiff_planar") and pixels.shape[2] > 1:
        options["planarconfig"] = "separate"
        pixels = np.moveaxis(pixels, 2, 0)
    elif pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    with TiffWriter(buffer, **_file_options(pixels.nbytes, kept)) as writer:
        writer.write(np.ascontiguousarray(pixels), **options)
    exif = like.private.get("exif")
    return tiff_exif.add_directories(buffer.getvalue(), exif) if exif else buffer.getvalue()


def write_tiles(
    file: BinaryIO,
    tiles: Iterator[NDArray[Any]],
    shape: tuple[int, int, int],
    dtype: np.dtype[Any],
    tile: int,
    like: Header,
) -> None:
    """Write a file of one page from tiles of (`tile`, `tile`, channels), in row-major order."""
    from tifffile import TiffWriter

    size = shape[0] * shape[1] * shape[2] * dtype.itemsize
    gray = shape[2] == 1
    with TiffWriter(file, **_file_options(size, like.extra)) as writer:
        writer.write(
            (np.ascontiguousarray(each[..., 0] if gray else each) for each in tiles),
            shape=shape[:2] if gray else shape,
            dtype=dtype,
            tile=(tile, tile),
            maxworkers=1,
            **_options(shape, dtype, like),
        )


def _file_options(size: int, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return options of `TiffWriter` for `size` bytes of pixels."""
    big = bool(kept.get("tiff_big")) or size > CLASSIC_LIMIT
    return {"byteorder": kept.get("tiff_byte_order", "<"), "bigtiff": big}


def _options(shape: tuple[int, ...], dtype: np.dtype[Any], like: Header) -> dict[str, Any]:
    """Return options of `TiffWriter.write`, without those of blocks."""
    kept, (height, width, channels) = dict(like.extra), shape
    exif = like.private.get("exif")
    colours = channels - like.alpha
    rgb = _is_rgb(colours, kept)
    unspecified = colours - (3 if rgb else 1)
    compression = tiff_tags.compression(kept)
    options: dict[str, Any] = {
        "photometric": "rgb" if rgb else "minisblack",
        "compression": compression,
        "predictor": _predictor(compression, dtype, kept),
        "iccprofile": kept.get("icc_profile"),
        "metadata": None,
        "software": False,
        "extratags": [
            *(tiff_exif.tags(exif) if exif else ()),
            *([(tiff_tags.XMP, 1, len(like.xmp), like.xmp, True)] if like.xmp else ()),
            *(
                (tag.code, tag.dtype, tag.count, tag.value, True)
                for tag in _scaled_tags(kept.get("tiff_tags", ()), like, (height, width))
            ),
        ],
    }
    if unspecified or like.alpha:
        options["extrasamples"] = [0] * unspecified + [2] * like.alpha
    if text := _description(kept, like, shape, dtype):
        options["description"] = text.encode()  # `tifffile` expects ASCII, or bytes
    if resolution := kept.get("tiff_resolution"):
        across, down, unit = resolution
        scale = _scale(like, (height, width))
        options["resolution"] = _multiply(across, scale[1]), _multiply(down, scale[0])
        options["resolutionunit"] = unit
    return options


def _is_rgb(colours: int, kept: Mapping[str, Any]) -> bool:
    """Return whether the first three bands are RGB, as in an input of three or more bands.

    Three bands are RGB without such an input, and more than three are not.
    """
    if kept.get("tiff_channels", 1) < 3:
        return colours == 3
    return colours >= 3 and kept.get("tiff_photometric") not in (pages.GRAY, pages.GRAY_INVERTED)


def _predictor(compression: int, dtype: np.dtype[Any], kept: Mapping[str, Any]) -> bool:
    """Return whether to use a predictor: as in the input, or for integers."""
    if compression in (pages.UNCOMPRESSED, 32773):
        return False
    return bool(kept.get("tiff_predictor", 2 if dtype.kind != "f" else 1) != 1)


def _original_size(like: Header, otherwise: tuple[int, int]) -> tuple[int, int]:
    """Return height and width of the upright input."""
    height, width = like.extra.get("tiff_size", otherwise)
    return (width, height) if like.orientation > 4 else (height, width)


def _scale(like: Header, size: tuple[int, int]) -> tuple[float, float]:
    """Return the scale of the output relative to the input, vertically and horizontally."""
    height, width = _original_size(like, size)
    return size[0] / height, size[1] / width


def _multiply(fraction: tuple[int, int], scale: float) -> tuple[int, int] | float:
    return fraction if scale == 1 else fraction[0] / fraction[1] * scale


def _scaled_tags(tags: tuple[Tag, ...], like: Header, size: tuple[int, int]) -> Iterator[Tag]:
    """Yield the tags of an output of this `size`, with scaled georeferences.

    Outputs of rotated inputs have no georeference, since it holds for the stored orientation.
    """
    down, across = _scale(like, size)
    is_unchanged = (down, across) == (1, 1) and like.orientation == 1
    for tag in tags:
        if tag.code not in tiff_tags.GEOREFERENCE or is_unchanged:
            yield tag
        elif like.orientation == 1:
            values = np.array(tag.value, float)
            if tag.code == 33550 and len(values) == 3:
                values /= [across, down, 1]
            elif tag.code == 33922 and len(values) % 6 == 0:
                values = (values.reshape(-1, 6) * [across, down, 1, 1, 1, 1]).ravel()
            elif tag.code == 34264 and len(values) == 16:
                values = (values.reshape(4, 4) / [across, down, 1, 1]).ravel()
            else:
                continue
            yield Tag(tag.code, tag.dtype, tag.count, tuple(values))


def _description(
    kept: Mapping[str, Any], like: Header, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> str:
    """Return the metadata of ImageJ or OME that are valid for these pixels."""
    text: str = kept.get("tiff_description", "")
    size = _original_size(like, (shape[0], shape[1]))
    same = shape == (*size, kept.get("tiff_channels")) and dtype == kept.get("tiff_dtype")
    if same or not text:
        return text
    if not text.startswith("ImageJ="):
        return ""  # OME metadata state the size and dtype of pixels
    lines = (line for line in text.splitlines() if not line.startswith(("min=", "max=")))
    return "\n".join(lines) + "\n"
