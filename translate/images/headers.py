"""What a file says of itself before a pixel is decoded, and what is lost when it is read."""

from typing import NamedTuple

GRAY = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F")
"""Pillow's names for kinds of pixels without colour"""
CONVERTED = {"P": "a palette", "PA": "a palette", "CMYK": "CMYK", "LAB": "L*a*b*", "HSV": "HSV"}
COUNTS = ("no band", "the first", "the first two", "the first three", "the first four")


class Note(NamedTuple):
    """One thing that an image loses when it is read."""

    kind: str
    """``alpha``, ``depth``, ``colour``, ``bands`` or ``frames``"""
    text: str


class Header(NamedTuple):
    """What a file says of itself before a pixel is decoded."""

    format: str
    mode: str
    """Pillow's name for the kind of pixels"""
    size: tuple[int, int]
    """height and width of the upright image"""
    orientation: int
    """the EXIF tag, from 1 to 8, that `translate.images.decode.read_image` turns the pixels by"""
    frames: int
    bits: int
    """of one channel"""
    alpha: bool
    """whether pixels may be transparent"""
    bands: int = 0
    """how many a TIFF has, where not all are read"""

    @property
    def deep(self) -> bool:
        """Whether the file holds more than eight bits a channel."""
        return self.bits > 8

    @property
    def gray(self) -> bool:
        """Whether the file has no colour."""
        return self.mode in GRAY

    @property
    def moving(self) -> bool:
        """Whether there are more frames, or pages, that a person would want to see."""
        return self.frames > 1 and self.format not in ("JPEG", "MPO")  # those are a phone's extras

    @property
    def plain(self) -> bool:
        """Whether the pixels are what `translate.images.decode.read_image` makes of them."""
        return not self.notes()

    def notes(
        self, *, channels: int = 3, frame: int | None = None, hole: bool = False
    ) -> tuple[Note, ...]:
        """Return what the file loses when it is read.

        Args:
            channels: how many it is read with; 1 is gray.
            frame: which one of several is read; None is the first, and the others are lost.
            hole: whether what is transparent is a hole to fill, and so is not lost.

        """
        found = []
        if self.alpha and not hole:
            found.append(Note("alpha", "transparency is composited over white"))
        if self.deep:
            found.append(Note("depth", f"{self.bits} bits a channel become 8"))
        if self.bands:
            read = 1 if self.gray else 4 if self.mode == "CMYK" else 3
            text = f"has {self.bands} bands: {COUNTS[read + self.alpha]}"
            found.append(Note("bands", f"{text} {'are' if read + self.alpha > 1 else 'is'} read"))
        if self.mode in CONVERTED or (channels == 1 and not self.gray):
            source = CONVERTED.get(self.mode, "colour")
            found.append(Note("colour", f"{source} becomes {'gray' if channels == 1 else 'RGB'}"))
        if frame is None and self.moving:
            found.append(Note("frames", f"only the first of {self.frames} frames is read"))
        return tuple(found)
