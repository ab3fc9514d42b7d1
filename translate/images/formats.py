"""Formats of files by their first bytes: those that are read, and the names of others."""

from io import BytesIO

from PIL import Image

READ = ("AVIF", "BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")  # JPEG opens MPO as well
OTHERS = (
    (0, b"\x00\x00\x00\x0cJXL ", "JPEG XL"), (0, b"\xff\x0a", "JPEG XL"),
    (0, b"\x00\x00\x00\x0cjP  ", "JPEG 2000"), (0, b"\xff\x4f\xff\x51", "JPEG 2000"),
    (4, b"ftypheic", "HEIC"), (4, b"ftypheix", "HEIC"), (4, b"ftyphevc", "HEIC"),
    (4, b"ftypmif1", "HEIF"), (4, b"ftypmsf1", "HEIF"), (128, b"DICM", "DICOM"),
    (0, b"\x93NUMPY", "NumPy"), (0, b"\x76\x2f\x31\x01", "OpenEXR"), (0, b"#?", "Radiance HDR"),
    (0, b"8BPS", "Photoshop"), (0, b"%PDF", "PDF"), (0, b"%!PS", "PostScript"),
    (0, b"SIMPLE  =", "FITS"), (0, b"PK\x03\x04", "ZIP"), (0, b"\x1f\x8b", "gzip"),
    (0, b"icns", "ICNS"), (0, b"\x00\x00\x01\x00", "ICO"),
    (0, b"version https://git-lfs", "a Git LFS pointer, which `git lfs pull` replaces"),
    (0, b"<", "HTML, XML or SVG"),
)  # fmt: skip
"""offset, bytes and name"""


def unknown(data: bytes) -> str:
    """Return why Pillow does not know a file that begins with `data`."""
    for form in READ:
        factory, accept = Image.OPEN[form]
        if accept and accept(data[:16]) is True:
            try:
                factory(BytesIO(data), "")
            except Exception as error:
                text = " ".join(str(error).split()) or type(error).__name__
                return f"{_article(form)} {form} that cannot be read: {text}"
    known = ", ".join(READ)
    for at, magic, name in OTHERS:
        if data[at : at + len(magic)] == magic:
            return f"no image of a known format ({known}), but {name}"
    return f"no image of a known format ({known})"


def avif_bits(data: bytes) -> int:
    """Return how many bits the first image of an AVIF file has a channel."""
    at = data.find(b"av1C")
    flags = data[at + 6] if 0 <= at < len(data) - 6 else 0
    return 8 if not flags & 0x40 else 12 if flags & 0x20 else 10


def _article(word: str) -> str:
    return "an" if word[0] in "A" else "a"
