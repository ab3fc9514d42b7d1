"""Encoded images of every format, each small and valid."""

from io import BytesIO
from typing import Any

import cv2
import imagecodecs
import numpy as np
import tifffile
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from translate.formats import Header
from translate.registry import create

PIXELS = np.random.default_rng(0).integers(0, 255, (9, 7, 4), np.uint8)


def load_codecs() -> None:
    """Import the codecs of TIFF and JPEG XL, so that no mutant is the first to import one."""
    for codec in CODECS:
        getattr(imagecodecs, f"{codec}_decode")


REFUSED_FORMATS = ("EPS", "HTML", "ICNS", "ICO", "JPEG2000", "PCX", "PDF", "PSD", "SVG", "TGA")


def valid_images() -> list[tuple[str, bytes]]:
    """Return encoded images of many kinds, each with the name of its format."""
    colour, alpha = Image.fromarray(PIXELS[..., :3]), Image.fromarray(PIXELS)
    gray, palette, bits = colour.convert("L"), colour.quantize(8), colour.convert("1")
    exif, text, deep = Image.Exif(), PngInfo(), PIXELS.astype(np.uint16) * 257
    exif.update({274: 6, 271: "maker"})
    exif.get_ifd(34853).update({1: "N", 2: (1.0, 2.0, 3.0)})
    text.add_text("a", "b" * 50, zip=True)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    metadata = {"exif": exif, "icc_profile": profile}
    animated = {"save_all": True, "append_images": [gray.convert("RGB"), colour]}
    cases: list[tuple[str, Image.Image, dict[str, Any]]] = [
        ("AVIF", colour, metadata), ("AVIF", alpha, {**animated, "append_images": [alpha]}),
        ("BMP", colour, {}), ("BMP", palette, {}),
        ("GIF", gray, {}), ("GIF", palette, {**animated, "transparency": 2, "comment": b"hello"}),
        ("JPEG", colour, metadata), ("JPEG", colour, {"progressive": True}), ("JPEG", gray, {}),
        ("JPEG", colour.convert("CMYK"), {}), ("MPO", colour, animated),
        ("PNG", colour, {**metadata, "pnginfo": text}), ("PNG", alpha, {}), ("PNG", bits, {}),
        ("PNG", palette, {"transparency": 3}), ("PNG", Image.fromarray(deep[..., 0]), {}),
        ("PNG", colour, animated), ("PPM", colour, {}), ("PPM", gray, {}), ("PPM", bits, {}),
        ("PPM", gray.convert("F"), {}), ("TIFF", colour, {"exif": exif}),
        ("TIFF", colour, animated),
        ("TIFF", alpha, {"compression": "tiff_lzw"}), ("TIFF", colour, {"compression": "jpeg"}),
        ("TIFF", gray, {"compression": "tiff_adobe_deflate"}), ("TIFF", gray.convert("F"), {}),
        ("TIFF", bits, {"compression": "group4"}), ("TIFF", gray.convert("I"), {}),
        ("TIFF", colour, {"compression": "packbits"}), ("TIFF", colour.convert("YCbCr"), {}),
        ("WEBP", alpha, {**metadata, "lossless": True}), ("WEBP", colour, animated),
        *((name, colour.resize((16, 16)), {}) for name in REFUSED_FORMATS if name not in HANDMADE),
    ]  # fmt: skip
    encoded = []
    for name, image, options in cases:
        if frames := options.get("append_images"):  # saving changes an image
            options = {**options, "append_images": [frame.copy() for frame in frames]}
        image.copy().save(buffer := BytesIO(), name, **options)
        encoded.append((name, buffer.getvalue()))
    for name, pixels in (("PNG", deep), ("PNG", deep[..., :3]), ("TIFF", deep[..., :3])):
        encoded.append((name, cv2.imencode(f".{name}", pixels)[1].tobytes()))
    return [*encoded, ("PPM", b"P3 2 1 255 1 2 3 4 5 6\n"), ("PPM", b"P2 #\n2 2 65535 1 2 3 4\n"),
            *HANDMADE.items()]  # fmt: skip


CODECS = (
    *("bitorder", "ccittfax3", "ccittfax4", "ccittrle", "deflate", "delta", "float24", "floatpred"),
    *("jpeg", "jpegxl", "lzma", "lzw", "packbits", "packints", "xor", "zlib", "zstd"),
)
TIFF_OPTIONS: list[dict[str, Any]] = [
    {"tile": (16, 16), "compression": "zlib", "predictor": True},
    {"compression": "lzw", "rowsperstrip": 3, "byteorder": ">"},
    {"compression": "zstd", "bigtiff": True},
    {"compression": "lzma", "dtype": "float32", "bands": 5},
    {"compression": "packbits", "dtype": "int16", "bands": 1},
    {"planarconfig": "separate", "dtype": "uint16", "bands": 4, "extrasamples": [2]},
    {"compression": "jpeg", "tile": (16, 16), "bands": 3, "photometric": "rgb"},
    {"dtype": "uint32", "bands": 1, "iccprofile": bytes(200), "description": "ImageJ=1.0\n"},
]


def encode_tiff(*, bands: int = 3, dtype: str = "uint8", **options: Any) -> bytes:
    """Return a TIFF of 9x7 pixels."""
    pixels = np.resize(PIXELS, (9, 7, bands)).astype(dtype)
    pixels = np.moveaxis(pixels, 2, 0) if "planarconfig" in options else pixels
    pixels = pixels[..., 0] if bands == 1 else pixels
    known = {"photometric": "rgb" if bands in (3, 4) else "minisblack", "metadata": None}
    planar = {"planarconfig": "contig"} if bands > 1 else {}
    tifffile.imwrite(buffer := BytesIO(), pixels, **{**known, **planar, **options})
    return buffer.getvalue()


def numpy_files() -> list[tuple[str, bytes]]:
    """Return NumPy files."""
    np.save(single := BytesIO(), PIXELS.astype(">i2"))
    np.savez_compressed(several := BytesIO(), image=PIXELS.astype("f4"), label=np.arange(3))
    return [("NPY", single.getvalue()), ("NPZ", several.getvalue())]


def optional_formats() -> list[tuple[str, bytes]]:
    """Return files of the formats with an installed package."""
    encoded = []
    for name in ("heif", "jxl"):
        form = create("format", name)
        for suffix in form.writes:
            like = Header(format="", size=(9, 7), channels=4, alpha=True)
            encoded.append((suffix[1:].upper(), form.write(PIXELS, like)))
    if encoded:
        deep = np.random.default_rng(0).random((9, 7, 3)).astype(np.float32)
        encoded.append(("JXL", form.write(deep, Header(format="", size=(9, 7)))))
    return encoded


HANDMADE = {
    "HTML": b"<html><body>404</body></html>",
    "PSD": b"8BPS\0\1" + bytes(6) + b"\0\3\0\0\0\4\0\0\0\4\0\10\0\3" + bytes(100),
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
}
"""files of formats that Pillow does not write"""
