"""JPEG XL files: `pillow-jxl-plugin` for 8 bits per channel, `imagecodecs` for more."""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile

from translate.errors import error_text, require_package
from translate.formats import Header, Window, Writable
from translate.images.layers import Layers, split_alpha
from translate.images.source import EncodedImage
from translate_plugins.formats import metadata
from translate_plugins.formats.jxl_header import JxlHeader, add_xmp, is_jxl, read_header, read_xmp

EFFORT = 3
"""compression effort, from 1 to 9: higher is slower and smaller"""


class Jxl:
    """JPEG XL: read in 8 bits, 16 bits or float32; written lossless."""

    suffixes = frozenset({".jxl"})
    lossless = True

    def __init__(self) -> None:
        installed = find_spec("pillow_jxl") is not None
        types = ("uint8", "uint16", "float32")
        self.writes = (
            {".jxl": Writable(channels=(1, 3), dtypes=types, alpha=True)} if installed else {}
        )

    def probe(self, source: EncodedImage, frame: int = 0) -> Header | None:  # noqa: ARG002
        """Return the header of a file; None for a file of another format."""
        if not is_jxl(source.data):
            return None
        require_package("pillow_jxl", "jxl")  # `read` needs it, and this message comes earlier
        header = read_header(source.data)
        return Header(
            format="JXL",
            size=header.size,
            channels=(1 if header.gray else 3) + header.alpha,
            alpha=header.alpha,
            dtype=_dtype(header),
            bits=max(8, header.bits),  # fewer are scaled to 8
            mode=("L" if header.gray else "RGB") + ("A" if header.alpha else ""),
            extra=metadata.LazyMetadata(partial(_read_metadata, source, metadata.profile)),
            private=metadata.LazyMetadata(partial(_read_metadata, source, metadata.exif)),
            xmp=read_xmp(source.data),
        )

    def read(self, source: EncodedImage, frame: int = 0, window: Window | None = None) -> Layers:  # noqa: ARG002
        """Return the pixels of the first frame, which the decoders rotate upright."""
        header = read_header(source.data)
        pixels = _decode(source, header)
        channels = (1 if header.gray else 3) + header.alpha
        return split_alpha(pixels.reshape(*header.size, channels), alpha=header.alpha).crop(window)

    def write(self, pixels: NDArray[Any], like: Header) -> bytes:
        """Return the content of a file with the XMP packet of `like`, in 8 bits also EXIF data."""
        array = np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
        if pixels.dtype != np.uint8:
            import imagecodecs

            data = bytes(imagecodecs.jpegxl_encode(array, lossless=True, effort=EFFORT))
            return add_xmp(data, like.xmp) if like.xmp else data
        import pillow_jxl  # noqa: F401 - importing it registers the format

        buffer = BytesIO()
        metadata_options = {"exif": None, **metadata.options(like)}
        options = {"lossless": True, "effort": EFFORT, "num_threads": 1, **metadata_options}
        Image.fromarray(array).save(buffer, "JXL", **options)
        return buffer.getvalue()


def _read_metadata(
    source: EncodedImage, read: Callable[[ImageFile], dict[str, bytes]]
) -> dict[str, bytes]:
    """Return the metadata that `read` returns for the opened file; its pixels are decoded."""
    try:
        return read(_open_with_pillow(source))
    except ValueError:  # damaged pixels: `Jxl.read` reports them
        return {}


def _dtype(header: JxlHeader) -> str:
    if header.is_float:
        return "float32"
    return "uint16" if header.bits > 8 else "uint8"


def _decode(source: EncodedImage, header: JxlHeader) -> NDArray[Any]:
    if _dtype(header) == "uint8":
        return np.asarray(_open_with_pillow(source))
    import imagecodecs

    try:
        return np.asarray(imagecodecs.jpegxl_decode(source.data)).astype(_dtype(header))
    except Exception as error:
        raise ValueError(f"a JPEG XL file that cannot be decoded: {error}") from error


def _open_with_pillow(source: EncodedImage) -> Any:
    """Return a file opened by Pillow, which decodes it; raises `ValueError` if it cannot."""
    if "JXL" not in source.cache:
        import pillow_jxl  # noqa: F401 - importing it registers the format

        try:
            source.cache["JXL"] = Image.open(BytesIO(source.data), formats=("JXL",))
        except Exception as error:
            raise ValueError(
                f"a JPEG XL file that cannot be decoded: {error_text(error)}"
            ) from error
    return source.cache["JXL"]
