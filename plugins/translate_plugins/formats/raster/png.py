"""PNG chunks: verify the checksums of pixels, which not every decoder does."""

from zlib import crc32

MAGIC = b"\x89PNG\r\n\x1a\n"
PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"fcTL", b"fdAT")
"""chunks that decide the pixels"""
XMP = b"XML:com.adobe.xmp\0\0\0\0\0"
"""the beginning of a chunk iTXt with an XMP packet that is not compressed"""


def require_whole(data: bytes) -> None:
    """Raise `ValueError` for a PNG that ends early, or whose pixels have a wrong checksum.

    Pillow does not verify the checksums of pixels, and decodes zeros, as a lost connection or
    power cut leaves them, to noise. OpenCV allocates the length that a chunk states.
    """
    if not data.startswith(MAGIC):
        return
    view, at, kind = memoryview(data), len(MAGIC), b""
    while kind != b"IEND":
        length = int.from_bytes(view[at : at + 4], "big")
        kind, end = bytes(view[at + 4 : at + 8]), at + 12 + length
        if end > len(data):
            raise ValueError("a PNG that ends early: the file is truncated")
        if kind in PIXELS and crc32(view[at + 4 : end - 4]) != int.from_bytes(
            view[end - 4 : end], "big"
        ):
            raise ValueError(f"a damaged PNG: the checksum of its {kind.decode()} is wrong")
        at = end
