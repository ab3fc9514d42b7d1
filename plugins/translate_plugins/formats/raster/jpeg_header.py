"""Headers of common JPEG files, read ten times as fast as by Pillow."""

from translate.formats import Header
from translate.images.source import EncodedImage
from translate_plugins.formats.raster.pillow import Exif, FrameDetails

START, ICC = b"\xff\xd8", b"ICC_PROFILE\0"
DHT, SOS, DQT, DRI, APP0, APP2, APP13, COMMENT = 0xC4, 0xDA, 0xDB, 0xDD, 0xE0, 0xE2, 0xED, 0xFE
SKIPPED = frozenset((DHT, DQT, DRI, APP0, APP13, COMMENT))
"""segments that `Header` does not need: tables, density, comments"""
FRAMES = frozenset((0xC0, 0xC1, 0xC2))
"""start-of-frame markers: baseline, extended and progressive"""
MODES = {1: "L", 3: "RGB"}


def read_usual(source: EncodedImage) -> FrameDetails | None:
    """Return the header of a JPEG file (ITU-T T.81, annex B), equal to `pillow.read_details`.

    None if Pillow must read it: if it does not have 8 bits and one or three components, or has
    EXIF data, an XMP packet, a second image, or a colour profile of several segments.
    """
    data, at = source.data, len(START)
    frame, profile = b"", b""
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker, end = data[at + 1], at + 2 + int.from_bytes(data[at + 2 : at + 4])
        segment = data[at + 4 : end]
        if not at + 4 <= end <= len(data):
            return None
        if marker == SOS:
            return _details(source, frame, profile)
        if marker in FRAMES and not frame:
            frame = segment
        elif marker == APP2 and not profile and not frame and segment[:14] == ICC + b"\1\1":
            profile = segment[14:]
        elif marker not in SKIPPED:
            return None
        at = end
    return None


def _details(source: EncodedImage, frame: bytes, profile: bytes) -> FrameDetails | None:
    """Return the header that a start-of-frame segment states; None if Pillow must read it."""
    if len(frame) < 6 or frame[0] != 8 or (mode := MODES.get(frame[5])) is None:
        return None
    size = int.from_bytes(frame[1:3]), int.from_bytes(frame[3:5])
    if not all(size):
        return None
    header = Header(
        format="JPEG",
        size=size,
        channels=frame[5],
        mode=mode,
        pages=True,
        extra={"icc_profile": profile} if profile else {},
        private=Exif(source, "JPEG"),
    )
    return FrameDetails(header, 1)
