"""Image formats, tried in the order of their names, and the pixels that are read from each.

===========================  =======================================================================
pixels of the file           pixels that are read
===========================  =======================================================================
gray, RGB                    gray, RGB in 8 or 16 bits; 10, 12 and 14 bits become 16
1, P, CMYK, YCbCr, LAB, HSV  RGB in 8 bits, LAB through sRGB; CMYK of 16 bits becomes 16
alpha, a transparent colour  alpha, the last channel
int8, int16                  int16
float16, float32, float64    float32
integers of 32 and 64 bits   float32, if it represents all values exactly; others are refused
other bands                  all of them, up to 64: TIFF and NumPy
several frames               one of them, colour in 8 bits
===========================  =======================================================================
"""

from collections.abc import Callable, Mapping

from translate import hookimpl
from translate.formats import Format, Writable
from translate_plugins.formats.heif import Heif
from translate_plugins.formats.jxl import Jxl
from translate_plugins.formats.npy.files import Npy, Npz
from translate_plugins.formats.raster import jpeg_header, png
from translate_plugins.formats.raster.formats import GRAY_OR_RGB, Raster
from translate_plugins.formats.tiff.format import Tiff


@hookimpl
def register_formats() -> Mapping[str, Callable[[], Format]]:
    return {
        "avif": avif,
        "bmp": bmp,
        "gif": gif,
        "heif": Heif,
        "jpeg": jpeg,
        "jxl": Jxl,
        "npy": Npy,
        "npz": Npz,
        "png": png_format,
        "ppm": ppm,
        "tiff": Tiff,
        "webp": webp,
    }


def avif() -> Format:
    """AVIF: read in 8 bits, first frame only; written nearly lossless."""
    writable = {".avif": Writable((1, 3), alpha=True)}
    options = {"quality": 95, "subsampling": "4:4:4"}
    return Raster(
        "AVIF", writable, writes=writable, options=options, lossless=False, frames_share_canvas=True
    )


def bmp() -> Format:
    """Windows bitmap: read and written."""
    return Raster("BMP", {".bmp"})


def gif() -> Format:
    """GIF: read, with all frames."""
    return Raster("GIF", {".gif"}, writes={}, frames_share_canvas=True)


def jpeg() -> Format:
    """JPEG and MPO: read; JPEG written with quality 95 and full colour resolution."""
    writable = dict.fromkeys((".jfif", ".jpe", ".jpeg", ".jpg"), GRAY_OR_RGB)
    options = {"quality": 95, "subsampling": 0}
    return Raster(
        "JPEG",
        {*writable, ".mpo"},
        writes=writable,
        options=options,
        lossless=False,
        read_common_header=jpeg_header.read_common_header,
    )


def png_format() -> Format:
    """PNG: read and written in 8 and 16 bits, with alpha; read with all frames."""
    writable = {".png": Writable((1, 3), ("uint8", "uint16"), alpha=True)}
    return Raster("PNG", writable, writes=writable, frames_share_canvas=True, encode=png.encode)


def ppm() -> Format:
    """Netpbm: read in any bit depth; written in 8 bits, .pgm in gray."""
    writable = {".pgm": Writable((1,)), ".pnm": GRAY_OR_RGB, ".ppm": GRAY_OR_RGB}
    return Raster("PPM", {*writable, ".pbm"}, writes=writable)


def webp() -> Format:
    """WebP: read, with all frames; written lossless, including colours of transparent pixels."""
    writable = {".webp": Writable((1, 3), alpha=True)}
    options = {"lossless": True, "exact": True}
    return Raster("WEBP", writable, writes=writable, options=options, frames_share_canvas=True)
