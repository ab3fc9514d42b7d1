"""Image formats: the eight that Pillow, OpenCV and the tags of a TIFF read.

===========================  =======================================================================
what a file holds            what it becomes
===========================  =======================================================================
gray, RGB                    the same, in the file's 8 or 16 bits; 10, 12 and 14 bits become 16
1, P, CMYK, YCbCr, LAB, HSV  8 bits by Pillow's conversion, LAB through sRGB
alpha, a transparent colour  alpha
float32, float64             16 bits: 0 is black and 1 is white, in every file
other numbers                refused: signed ones and those of 32 bits have no agreed range
extra bands of a TIFF        skipped; which TIFFs are read is in `translate_plugins.formats.tiff`
several frames               one of them, colour in 8 bits
===========================  =======================================================================
"""

from collections.abc import Callable, Mapping

from translate import hookimpl
from translate.formats import Format, Writable
from translate_plugins.formats.raster import GRAY_OR_RGB, Raster
from translate_plugins.formats.tiff import Tiff


@hookimpl
def register_formats() -> Mapping[str, Callable[[], Format]]:
    return {
        "avif": avif,
        "bmp": bmp,
        "gif": gif,
        "jpeg": jpeg,
        "png": png_format,
        "ppm": ppm,
        "tiff": Tiff,
        "webp": webp,
    }


def avif() -> Format:
    """AVIF: read; 8 bits, the first frame's colours."""
    return Raster("AVIF", {".avif"}, writes={}, one_canvas=True)


def bmp() -> Format:
    """Windows bitmap: read and written."""
    return Raster("BMP", {".bmp"})


def gif() -> Format:
    """GIF: read, with its frames."""
    return Raster("GIF", {".gif"}, writes={}, one_canvas=True)


def jpeg() -> Format:
    """JPEG and MPO: read; JPEG written with quality 95 and full colour resolution."""
    written = dict.fromkeys((".jfif", ".jpe", ".jpeg", ".jpg"), GRAY_OR_RGB)
    options = {"quality": 95, "subsampling": 0}
    return Raster("JPEG", {*written, ".mpo"}, writes=written, options=options, lossless=False)


def png_format() -> Format:
    """PNG: read in 8 and 16 bits, with its frames; written in 8 bits."""
    return Raster("PNG", {".png"}, options={"compress_level": 1}, one_canvas=True)


def ppm() -> Format:
    """Netpbm: read in any depth; written in 8 bits, gray alone as .pgm."""
    written = {".pgm": Writable((1,)), ".pnm": GRAY_OR_RGB, ".ppm": GRAY_OR_RGB}
    return Raster("PPM", {*written, ".pbm"}, writes=written)


def webp() -> Format:
    """WebP: read, with its frames; written without loss."""
    return Raster("WEBP", {".webp"}, options={"lossless": True}, one_canvas=True)
