"""PNG chunks, and a check of their checksums, which some decoders skip."""

from zlib import crc32

MAGIC = b"\x89PNG\r\n\x1a\n"
PIXEL_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"fcTL", b"fdAT")
"""chunks that pixels depend on"""
XMP_START = b"XML:com.adobe.xmp\0\0\0\0\0"
"""start of an iTXt chunk with an uncompressed XMP packet"""


def require_intact(data: bytes) -> None:
    """Raise `ValueError` for a PNG that is truncated or whose pixels have a wrong checksum.

    Pillow does not verify these checksums: it decodes the zeros that an interrupted write leaves to
    noise. OpenCV allocates as much memory as a chunk states as its length, even beyond the file.
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
        if kind in PIXEL_CHUNKS and crc32(view[start + 4 : end - 4]) != checksum:
            raise ValueError(f"a damaged PNG: the checksum of its {kind.decode()} is wrong")
        start = end
