"""Headers of JPEG XL files, read here as libraries would decode all pixels to return the size."""

from collections.abc import Iterator
from typing import NamedTuple

CONTAINER_START = b"\x00\x00\x00\x0cJXL \r\n\x87\n"
CODESTREAM_START = b"\xff\x0a"
"""first bytes of a file of boxes, and of a file (or box) of image data alone"""
RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
"""(width, height) ratios that a header may state instead of the width"""
SIDE_CHOICES = ((1, 9), (1, 13), (1, 18), (1, 30))
ENUM_CHOICES = ((0, 0), (1, 0), (2, 4), (18, 6))
"""(offset, bits) of a side and of an enumeration's value, see `_BitReader.choice`"""
ALPHA_TYPE, SPOT_TYPE, COLOUR_FILTER_TYPE = 0, 2, 5
"""types of extra channels"""
GRAY_COLOUR_SPACE = 1
"""value of the colour-space field"""
MAX_HEADER = 4096
"""largest size in bytes of a header that is read"""


class JxlHeader(NamedTuple):
    """The fields of a header that are used (ISO/IEC 18181-1, annexes D and E)."""

    size: tuple[int, int]
    """height and width of the upright image"""
    bits: int
    """bits per channel"""
    is_float: bool
    gray: bool
    """whether there is one colour channel instead of three"""
    alpha: bool
    """whether there is an alpha channel"""


class _BitReader:
    """Reads numbers of some bits from `data`, the least significant bit first."""

    def __init__(self, data: bytes) -> None:
        self._bits_left, self._value = 8 * len(data), int.from_bytes(data, "little")

    def number(self, bits: int) -> int:
        """Return the next `bits` bits as a number; raises `ValueError` if there are fewer."""
        self._bits_left -= bits
        if self._bits_left < 0:
            raise ValueError("a damaged JPEG XL file: its header ends early")
        result = self._value & ((1 << bits) - 1)
        self._value >>= bits
        return result

    def flag(self) -> bool:
        """Return the next bit."""
        return self.number(1) == 1

    def choice(self, choices: tuple[tuple[int, int], ...]) -> int:
        """Return a number that is stored as 2 bits, the index of a choice, and an addend.

        A choice is an offset and the number of bits of the addend, which is added to the offset.
        """
        offset, bits = choices[self.number(2)]
        return offset + self.number(bits)


def is_jxl(data: bytes) -> bool:
    """Return whether `data` begins like a JPEG XL file."""
    return data.startswith((CONTAINER_START, CODESTREAM_START))


def read_header(data: bytes) -> JxlHeader:
    """Return the header; raises `ValueError` for a damaged one."""
    reader = _BitReader(_codestream(data)[len(CODESTREAM_START) :][:MAX_HEADER])
    size, orientation = _read_size(reader), 1
    if reader.flag():  # all fields have their defaults
        return JxlHeader(size, bits=8, is_float=False, gray=False, alpha=False)
    if reader.flag():  # extra fields
        orientation = 1 + reader.number(3)
        if reader.flag():  # intrinsic size
            _read_size(reader)
        if reader.flag():
            _skip_preview(reader)
        if reader.flag():
            _skip_animation(reader)
    is_float, bits = _read_depth(reader)
    reader.flag()  # modular_16bit_buffers
    extra_channels = reader.choice(((0, 0), (1, 0), (2, 4), (1, 12)))
    extra_types = [_read_extra_channel(reader) for _ in range(extra_channels)]
    reader.flag()  # XYB
    gray = False
    if not reader.flag():  # the colour encoding is not the default
        reader.flag()  # ICC profile
        gray = reader.choice(ENUM_CHOICES) == GRAY_COLOUR_SPACE
    upright_size = size[::-1] if orientation > 4 else size
    return JxlHeader(upright_size, bits, is_float, gray, alpha=ALPHA_TYPE in extra_types)


def _codestream(data: bytes) -> bytes:
    """Return the image data of a file without a container's boxes; of several boxes, the first."""
    if data.startswith(CODESTREAM_START):
        return data
    for kind, start, _ in _boxes(data):
        if kind in (b"jxlc", b"jxlp"):
            return data[start + (4 if kind == b"jxlp" else 0) :]
    raise ValueError("a damaged JPEG XL file: it contains no image")


def read_xmp(data: bytes) -> bytes:
    """Return the XMP packet of a file; empty if there is none, or a compressed one."""
    if not data.startswith(CONTAINER_START):
        return b""
    return next((data[start:end] for kind, start, end in _boxes(data) if kind == b"xml "), b"")


def add_xmp(data: bytes, packet: bytes) -> bytes:
    """Return the file `data` with an XMP packet, in a container."""
    if not data.startswith(CONTAINER_START):
        data = CONTAINER_START + _box(b"ftyp", b"jxl \0\0\0\0jxl ") + _box(b"jxlc", data)
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


def _read_size(reader: _BitReader) -> tuple[int, int]:
    """Return height and width as stored."""
    small = reader.flag()

    def side() -> int:
        return 8 * (reader.number(5) + 1) if small else reader.choice(SIDE_CHOICES)

    height = side()
    if ratio := reader.number(3):
        width_part, height_part = RATIOS[ratio - 1]
        return height, height * width_part // height_part
    return height, side()


def _skip_preview(reader: _BitReader) -> None:
    eighths = ((16, 0), (32, 0), (1, 5), (33, 9))
    side = eighths if reader.flag() else ((1, 6), (65, 8), (321, 10), (1345, 12))
    reader.choice(side)
    if not reader.number(3):  # no ratio: the width follows
        reader.choice(side)


def _skip_animation(reader: _BitReader) -> None:
    reader.choice(((100, 0), (1000, 0), (1, 10), (1, 30)))  # ticks per second: numerator
    reader.choice(((1, 0), (1001, 0), (1, 8), (1, 10)))  # denominator
    reader.choice(((0, 0), (0, 3), (0, 16), (0, 32)))  # number of loops
    reader.flag()  # time codes


def _read_depth(reader: _BitReader) -> tuple[bool, int]:
    """Return whether values are floats, and the bits per channel."""
    if not reader.flag():
        return False, reader.choice(((8, 0), (10, 0), (12, 0), (1, 6)))
    depth = reader.choice(((32, 0), (16, 0), (24, 0), (1, 6)))
    reader.number(4)  # bits of the exponent
    return True, depth


def _read_extra_channel(reader: _BitReader) -> int:
    """Return the type of the next extra channel."""
    if reader.flag():  # all fields have their defaults
        return ALPHA_TYPE
    kind = reader.choice(ENUM_CHOICES)
    _read_depth(reader)
    reader.choice(((0, 0), (3, 0), (4, 0), (1, 3)))  # downsampling
    for _ in range(reader.choice(((0, 0), (0, 4), (16, 5), (48, 10)))):
        reader.number(8)  # a letter of the name
    if kind == ALPHA_TYPE:
        reader.flag()  # premultiplied
    elif kind == SPOT_TYPE:
        reader.number(64)  # the colour, four values of 16 bits
    elif kind == COLOUR_FILTER_TYPE:
        reader.choice(((1, 0), (0, 2), (3, 4), (19, 8)))  # position in the pattern
    return kind
