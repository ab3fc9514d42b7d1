"""Headers of JPEG XL files: the libraries would decode all pixels to return the size."""

from collections.abc import Iterator
from typing import NamedTuple

CONTAINER = b"\x00\x00\x00\x0cJXL \r\n\x87\n"
CODESTREAM = b"\xff\x0a"
RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
"""ratios of the width to the height that a header may state instead of the width"""
SIDE = ((1, 9), (1, 13), (1, 18), (1, 30))
ENUM = ((0, 0), (1, 0), (2, 4), (18, 6))
"""offsets and bits of numbers, see `_Bits.choice`"""
ALPHA, SPOT, COLOUR_FILTER = 0, 2, 5
"""types of extra channels"""


class JxlHeader(NamedTuple):
    """The fields of a header that are used (ISO/IEC 18181-1, annexes D and E)."""

    size: tuple[int, int]
    """height and width of the upright image"""
    bits: int
    is_float: bool
    gray: bool
    alpha: bool


class _Bits:
    """A reader of bits, least significant first."""

    def __init__(self, data: bytes) -> None:
        self._left, self._value = 8 * len(data), int.from_bytes(data, "little")

    def number(self, bits: int) -> int:
        """Return the next bits as a number; raises `ValueError` if there are fewer."""
        self._left -= bits
        if self._left < 0:
            raise ValueError("a damaged JPEG XL file: its header ends early")
        result = self._value & ((1 << bits) - 1)
        self._value >>= bits
        return result

    def flag(self) -> bool:
        """Return the next bit."""
        return self.number(1) == 1

    def choice(self, choices: tuple[tuple[int, int], ...]) -> int:
        """Return a number stored in one of four ways: an offset, plus a number of some bits."""
        offset, bits = choices[self.number(2)]
        return offset + self.number(bits)


def is_jxl(data: bytes) -> bool:
    """Return whether `data` begins like a JPEG XL file."""
    return data.startswith((CONTAINER, CODESTREAM))


def read_header(data: bytes) -> JxlHeader:
    """Return the header; raises `ValueError` for a damaged one."""
    bits = _Bits(_codestream(data)[2 : 2 + 4096])
    size, orientation = _size(bits), 1
    if bits.flag():  # all fields have their defaults
        return JxlHeader(size, 8, is_float=False, gray=False, alpha=False)
    if bits.flag():
        orientation = 1 + bits.number(3)
        if bits.flag():
            _size(bits)
        if bits.flag():
            _skip_preview(bits)
        if bits.flag():
            _skip_animation(bits)
    is_float, depth = _depth(bits)
    bits.flag()  # modular_16bit_buffers
    extra = bits.choice(((0, 0), (1, 0), (2, 4), (1, 12)))
    kinds = [_extra_channel(bits) for _ in range(extra)]
    bits.flag()  # XYB
    gray = not bits.flag() and (bits.flag(), bits.choice(ENUM))[1] == 1
    upright = size[::-1] if orientation > 4 else size
    return JxlHeader(upright, depth, is_float, gray, ALPHA in kinds)


def _codestream(data: bytes) -> bytes:
    """Return the codestream without the boxes of a container, or its first part."""
    if data.startswith(CODESTREAM):
        return data
    for kind, start, _ in _boxes(data):
        if kind in (b"jxlc", b"jxlp"):
            return data[start + (4 if kind == b"jxlp" else 0) :]
    raise ValueError("a damaged JPEG XL file: it contains no image")


def read_xmp(data: bytes) -> bytes:
    """Return the XMP packet of a file; empty if it has none or it is compressed."""
    if not data.startswith(CONTAINER):
        return b""
    return next((data[start:end] for kind, start, end in _boxes(data) if kind == b"xml "), b"")


def add_xmp(data: bytes, packet: bytes) -> bytes:
    """Return the file `data` with an XMP packet, in a container."""
    if not data.startswith(CONTAINER):
        data = CONTAINER + _box(b"ftyp", b"jxl \0\0\0\0jxl ") + _box(b"jxlc", data)
    return data + _box(b"xml ", packet)


def _box(kind: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + kind + content


def _boxes(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind of each box of a container, and the start and end of its content."""
    offset = 0
    while offset + 16 <= len(data):
        length = int.from_bytes(data[offset : offset + 4], "big")
        kind, start = data[offset + 4 : offset + 8], offset + (16 if length == 1 else 8)
        length = int.from_bytes(data[offset + 8 : offset + 16], "big") if length == 1 else length
        end = offset + length if length else len(data)
        yield kind, start, end
        if end < start:
            return
        offset = end


def _size(bits: _Bits) -> tuple[int, int]:
    small = bits.flag()

    def side() -> int:
        return 8 * (bits.number(5) + 1) if small else bits.choice(SIDE)

    height = side()
    if ratio := bits.number(3):
        across, down = RATIOS[ratio - 1]
        return height, height * across // down
    return height, side()


def _skip_preview(bits: _Bits) -> None:
    eighths = ((16, 0), (32, 0), (1, 5), (33, 9))
    side = eighths if bits.flag() else ((1, 6), (65, 8), (321, 10), (1345, 12))
    bits.choice(side)
    if not bits.number(3):
        bits.choice(side)


def _skip_animation(bits: _Bits) -> None:
    bits.choice(((100, 0), (1000, 0), (1, 10), (1, 30)))
    bits.choice(((1, 0), (1001, 0), (1, 8), (1, 10)))
    bits.choice(((0, 0), (0, 3), (0, 16), (0, 32)))
    bits.flag()


def _depth(bits: _Bits) -> tuple[bool, int]:
    """Return whether values are floats, and their bits."""
    if not bits.flag():
        return False, bits.choice(((8, 0), (10, 0), (12, 0), (1, 6)))
    depth = bits.choice(((32, 0), (16, 0), (24, 0), (1, 6)))
    bits.number(4)
    return True, depth


def _extra_channel(bits: _Bits) -> int:
    """Return the type of an extra channel."""
    if bits.flag():
        return ALPHA
    kind = bits.choice(ENUM)
    _depth(bits)
    bits.choice(((0, 0), (3, 0), (4, 0), (1, 3)))
    for _ in range(bits.choice(((0, 0), (0, 4), (16, 5), (48, 10)))):
        bits.number(8)
    if kind == ALPHA:
        bits.flag()
    elif kind == SPOT:
        bits.number(64)
    elif kind == COLOUR_FILTER:
        bits.choice(((1, 0), (0, 2), (3, 4), (19, 8)))
    return kind
