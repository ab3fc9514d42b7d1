"""PNG chunks, and a check of their checksums, which not every decoder has."""

from zlib import crc32

MAGIC = b"\x89PNG\r\n\x1a\n"
PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"fcTL", b"fdAT")
"""chunks that pixels depend on"""
XMP = b"XML:com.adobe.xmp\0\0\0\0\0"
"""start of an iTXt chunk with an uncompressed XMP packet"""


def require_intact(data: bytes) -> None:
    """Raise `ValueError` for a PNG that is truncated or whose pixels have a wrong checksum.

    Pillow does not verify these checksums, and decodes zeros, as an interrupted write leaves them,
    to noise. OpenCV allocates the length that a chunk states.
    """
    if not data.startswith(MAGIC):
        return
    view, start, kind = memoryview(data), len(MAGIC), b""
    while kind != b"IEND":
        length = int.from_bytes(view[start : start + 4], "big")
        kind, end = bytes(view[start + 4 : start + 8]), start + 12 + length
        if end > len(data):
            raise ValueError("a truncated PNG")
        checksum = int.from_bytes(view[end - 4 : end], "big")
        if kind in PIXELS and crc32(view[start + 4 : end - 4]) != checksum:
            raise ValueError(f"a damaged PNG: the checksum of its {kind.decode()} is wrong")
        start = end
