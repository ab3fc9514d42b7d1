"""PNG chunks: whether what holds the pixels is whole, which not every decoder looks at."""

from zlib import crc32

MAGIC = b"\x89PNG\r\n\x1a\n"
PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"fcTL", b"fdAT")
"""chunks without which pixels are wrong"""


def require_whole(data: bytes) -> None:
    """Raise `ValueError` for a PNG that ends early, or of which pixels were changed.

    Pillow checks no sums of pixels, and decodes zeros, as a lost connection or power cut leaves
    them, to noise. OpenCV allocates what a chunk says that it holds.
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
            raise ValueError(f"a damaged PNG: its {kind.decode()} does not have the sum it should")
        at = end
