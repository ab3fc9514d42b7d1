"""HEIC files, as phones write them, with `pillow-heif`."""

from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from translate.errors import error_text, require_package
from translate.formats import Header, Window, Writable
from translate.images.layers import Layers, split_alpha
from translate.images.source import EncodedImage
from translate_plugins.formats import metadata
from translate_plugins.formats.raster import pillow
from translate_plugins.formats.raster.formats import Raster

if TYPE_CHECKING:
    from pillow_heif import HeifImage

BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
"""brands in the ftyp box of HEIC and HEIF files"""
LOSSLESS = {"quality": -1, "chroma": 444, "matrix_coefficients": 0}
"""options of the encoder: matrix 0 stores RGB instead of YCbCr"""
SUFFIXES = frozenset({".heic", ".heif", ".hif"})


class Heif:
    """HEIC: the primary image, of 8, 10 or 12 bits; written lossless in 8 bits."""

    suffixes = SUFFIXES
    lossless = True

    def __init__(self) -> None:
        installed = find_spec("pillow_heif") is not None
        self.writes = {".heic": Writable(channels=(1, 3), alpha=True)} if installed else {}

    def probe(self, source: EncodedImage, frame: int = 0) -> Header | None:  # noqa: ARG002
        """Return the header of a file; None for a file of another format."""
        if source.data[4:8] != b"ftyp" or source.data[8:12] not in BRANDS:
            return None
        image = _open(source)
        mode, bits = _mode_and_bits(image)
        profile = image.info.get("icc_profile")
        return Header(
            format="HEIF",
            size=image.size[::-1],  # height and width
            channels=len(mode),
            alpha=mode[-1] == "A",
            dtype="uint16" if bits > 8 else "uint8",
            bits=bits,
            mode=mode,
            extra={"icc_profile": profile} if profile else {},
            private=pillow.lazy_exif(source, "HEIF"),
            xmp=metadata.xmp(image.info),
        )

    def read(self, source: EncodedImage, frame: int = 0, window: Window | None = None) -> Layers:  # noqa: ARG002
        """Return the pixels, which libheif rotates upright; 10 and 12 bits are scaled to 16."""
        image = _open(source)
        mode, bits = _mode_and_bits(image)
        width, height = image.size
        pixels = np.asarray(image).reshape(height, width, len(mode))
        if bits > 8:
            pixels = (pixels.astype(np.uint32) * 65535 // ((1 << bits) - 1)).astype(np.uint16)
        return split_alpha(pixels, alpha=mode[-1] == "A").crop(window)

    def write(self, pixels: NDArray[Any], like: Header) -> bytes:
        """Return the content of a file of `pixels`, with the metadata of `like`."""
        _register()
        return Raster("HEIF", SUFFIXES, options=LOSSLESS).write(pixels, like)


def _register() -> None:
    """Register HEIC with Pillow; raises `MissingPackageError`."""
    require_package("pillow_heif", "heif")
    from pillow_heif import register_heif_opener

    register_heif_opener()


def _open(source: EncodedImage) -> "HeifImage":
    """Return the primary image of a file; its pixels are decoded when they are used."""
    require_package("pillow_heif", "heif")
    from pillow_heif import open_heif

    try:
        file = open_heif(BytesIO(source.data), convert_hdr_to_8bit=False, hdr_to_16bit=False)
        return file[file.primary_index]
    except Exception as error:
        raise ValueError(f"a HEIC that cannot be read: {error_text(error)}") from error


def _mode_and_bits(image: "HeifImage") -> tuple[str, int]:
    """Return the mode of the channels, such as RGB, and the bits per channel."""
    mode, _, bits = image.mode.partition(";")
    if mode not in ("L", "LA", "RGB", "RGBA"):
        raise ValueError(f"a HEIC of {image.mode}: expected gray or RGB, with or without alpha")
    return mode, int(bits or 8)
