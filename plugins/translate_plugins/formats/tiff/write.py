"""Writing of TIFF files, in the layout (blocks, compression, byte order, tags) of the input."""

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

    extra, buffer = like.extra, BytesIO()
    options = _page_options(pixels.shape, pixels.dtype, like)
    block = extra.get("tiff_block")
    if isinstance(block, tuple) and not any(side % 16 for side in block):
        options["tile"] = block
    elif isinstance(block, int) and block:
        options["rowsperstrip"] = min(block, pixels.shape[0])
    if extra.get("tiff_planar") and pixels.shape[2] > 1:
        options["planarconfig"] = "separate"
        pixels = np.moveaxis(pixels, 2, 0)
    elif pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    with TiffWriter(buffer, **_file_options(pixels.nbytes, extra)) as writer:
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

    height, width, channels = shape
    size = height * width * channels * dtype.itemsize
    is_gray = channels == 1
    with TiffWriter(file, **_file_options(size, like.extra)) as writer:
        writer.write(
            (np.ascontiguousarray(pixels[..., 0] if is_gray else pixels) for pixels in tiles),
            shape=(height, width) if is_gray else shape,
            dtype=dtype,
            tile=(tile, tile),
            maxworkers=1,
            **_page_options(shape, dtype, like),
        )


def _file_options(size: int, extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return options of `TiffWriter` for `size` bytes of pixels."""
    big = bool(extra.get("tiff_big")) or size > CLASSIC_LIMIT
    return {"byteorder": extra.get("tiff_byte_order", "<"), "bigtiff": big}


def _page_options(shape: tuple[int, ...], dtype: np.dtype[Any], like: Header) -> dict[str, Any]:
    """Return options of `TiffWriter.write`, without the options of blocks."""
    extra, (height, width, channels) = dict(like.extra), shape
    exif = like.private.get("exif")
    colours = channels - like.alpha
    is_rgb = _is_rgb(colours, extra)
    unspecified_bands = colours - (3 if is_rgb else 1)
    compression = tiff_tags.output_compression(extra)
    tags = [
        *(tiff_exif.descriptive_tags(exif) if exif else ()),
        *([Tag(tiff_tags.XMP, tiff_tags.BYTE, len(like.xmp), like.xmp)] if like.xmp else ()),
        *_scaled_tags(extra.get("tiff_tags", ()), like, (height, width)),
    ]
    options: dict[str, Any] = {
        "photometric": "rgb" if is_rgb else "minisblack",
        "compression": compression,
        "predictor": _predictor(compression, dtype, extra),
        "iccprofile": extra.get("icc_profile"),
        "metadata": None,
        "software": False,
        # True: on the first page only
        "extratags": [(tag.code, tag.dtype, tag.count, tag.value, True) for tag in tags],
    }
    if unspecified_bands or like.alpha:
        options["extrasamples"] = [
            *[pages.UNSPECIFIED] * unspecified_bands,
            *([pages.UNASSOCIATED_ALPHA] if like.alpha else []),
        ]
    if text := _description(extra, like, shape, dtype):
        options["description"] = text.encode()  # `tifffile` expects ASCII, or bytes
    if resolution := extra.get("tiff_resolution"):
        x_resolution, y_resolution, unit = resolution
        down, across = _output_scale(like, (height, width))
        resolution_pair = _scale_fraction(x_resolution, across), _scale_fraction(y_resolution, down)
        options["resolution"] = resolution_pair
        options["resolutionunit"] = unit
    return options


def _is_rgb(colours: int, extra: Mapping[str, Any]) -> bool:
    """Return whether the first three of an output's bands (without alpha) are RGB.

    They are as in an input of three or more bands. Otherwise three bands are RGB, and more than
    three are not.
    """
    if extra.get("tiff_channels", 1) < 3:
        return colours == 3
    return colours >= 3 and extra.get("tiff_photometric") not in (pages.GRAY, pages.GRAY_INVERTED)


def _predictor(compression: int, dtype: np.dtype[Any], extra: Mapping[str, Any]) -> bool:
    """Return whether to use a predictor: as in the input, or for integers if it was no TIFF."""
    if compression in (pages.UNCOMPRESSED, pages.PACKBITS):
        return False
    return bool(extra.get("tiff_predictor", 2 if dtype.kind != "f" else 1) != 1)


def _input_size(like: Header, output_size: tuple[int, int]) -> tuple[int, int]:
    """Return height and width of the upright input; `output_size` if it was no TIFF."""
    height, width = like.extra.get("tiff_size", output_size)
    return (width, height) if like.orientation > 4 else (height, width)


def _output_scale(like: Header, size: tuple[int, int]) -> tuple[float, float]:
    """Return the scale of the output relative to the input, vertically and horizontally."""
    height, width = _input_size(like, size)
    return size[0] / height, size[1] / width


def _scale_fraction(fraction: tuple[int, int], scale: float) -> tuple[int, int] | float:
    return fraction if scale == 1 else fraction[0] / fraction[1] * scale


def _scaled_tags(tags: tuple[Tag, ...], like: Header, size: tuple[int, int]) -> Iterator[Tag]:
    """Yield the tags of an output of this `size`, with scaled georeferences.

    Outputs of rotated inputs have no georeference, as it would hold for the stored orientation.
    """
    down, across = _output_scale(like, size)
    is_unchanged = (down, across) == (1, 1) and like.orientation == 1
    for tag in tags:
        if tag.code not in tiff_tags.GEOREFERENCE or is_unchanged:
            yield tag
        elif like.orientation == 1:
            values = np.array(tag.value, float)
            if tag.code == tiff_tags.PIXEL_SCALE and len(values) == 3:
                values /= [across, down, 1]
            elif tag.code == tiff_tags.TIE_POINTS and len(values) % 6 == 0:
                values = (values.reshape(-1, 6) * [across, down, 1, 1, 1, 1]).ravel()
            elif tag.code == tiff_tags.TRANSFORMATION and len(values) == 16:
                values = (values.reshape(4, 4) / [across, down, 1, 1]).ravel()
            else:
                continue
            yield Tag(tag.code, tag.dtype, tag.count, tuple(values))


def _description(
    extra: Mapping[str, Any], like: Header, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> str:
    """Return the input's ImageJ or OME metadata, without parts that are wrong for the output."""
    text: str = extra.get("tiff_description", "")
    size = _input_size(like, (shape[0], shape[1]))
    equal_shape = shape == (*size, extra.get("tiff_channels"))
    if not text or (equal_shape and dtype == extra.get("tiff_dtype")):
        return text
    if not text.startswith("ImageJ="):
        return ""  # OME metadata contain the size and dtype of pixels
    lines = (line for line in text.splitlines() if not line.startswith(("min=", "max=")))
    return "\n".join(lines) + "\n"
