"""Information of an image file that is lost on reading: alpha, bit depth, bands, colour, frames."""

from translate.batches import UNNAMED, Domain
from translate.formats import Header, Note

BITS = {"uint8": 8, "uint16": 16, "int16": 16, "float32": 32}


def lost_information_notes(
    header: Header,
    domain: Domain = UNNAMED,
    *,
    frame: int | None = None,
    hole: bool = False,
    keeps_alpha: bool = False,
    dtype: str = "",
) -> tuple[Note, ...]:
    """Return a note for each kind of information that is lost.

    Args:
        header: The header of the file.
        domain: The domain of the image; label maps keep their values and colours.
        frame: Index of the frame that is read; None: the first, and the other frames are lost.
        hole: Whether transparent pixels are a hole to fill, and so are not lost.
        keeps_alpha: Whether the alpha channel is added to the output again.
        dtype: The dtype of the output; empty: the domain's.
    """
    notes = []
    is_channel = domain.bands or domain.channels == header.channels
    if header.alpha and not (hole or keeps_alpha or is_channel):
        notes.append(Note("alpha", "transparency is composited over white"))
    bits = min(BITS[header.dtype], BITS[dtype or domain.dtype])
    if header.bits > bits and not domain.labels:
        notes.append(Note("depth", f"{header.bits} bits a channel become {bits}"))
    to_gray = domain.channels == 1 and not domain.bands
    if (header.converted or (to_gray and not header.gray)) and not domain.labels:
        source, target = header.converted or "colour", "gray" if to_gray else "RGB"
        notes.append(Note("colour", f"{source} becomes {target}"))
    if text := _unread_bands(header, domain):
        notes.append(Note("bands", text))
    if frame is None and header.frames > 1:
        notes.append(Note("frames", f"only the first of {header.frames} frames is read"))
    return tuple(notes)


def _unread_bands(header: Header, domain: Domain) -> str:
    """Return which bands are read if some are not, or ""."""
    count = header.channels - header.alpha
    if domain.bands:
        unread = header.channels - len(set(domain.bands))
        bands = " and ".join(map(str, domain.bands))
        return f"has {header.channels} bands: {bands} of them are read" if unread else ""
    if count == 2 and domain.channels in (1, 3):
        return "has 2 bands: the first is read"
    if count > 3 and domain.channels in (1, 3):
        return f"has {count} bands: the first three are read"
    return ""
