"""Information of a file that is lost when it is read: alpha channel, bit depth, bands, colour."""

from collections.abc import Iterator

from translate.batches import UNNAMED, Domain
from translate.formats import Header, Note

BITS = {"uint8": 8, "uint16": 16, "int16": 16, "float32": 32}


def losses(
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
        header: the header of the file.
        domain: the domain of the image; label maps keep their values and colours.
        frame: the index of the frame that is read; None: the first, and the others are lost.
        hole: whether transparent pixels are a hole to fill, and so are not lost.
        keeps_alpha: whether the alpha channel is added to the output again.
        dtype: the dtype of the output; empty: the domain's.
    """
    notes = [*_alpha(header, domain, kept=hole or keeps_alpha)]
    if not domain.labels:
        notes += [*_depth(header, dtype or domain.dtype), *_colour(header, domain)]
    if text := _unread_bands(header, domain):
        notes.append(Note("bands", text))
    if frame is None and header.frames > 1:
        notes.append(Note("frames", f"only the first of {header.frames} frames is read"))
    return tuple(notes)


def _alpha(header: Header, domain: Domain, *, kept: bool) -> Iterator[Note]:
    is_channel = domain.bands or domain.channels == header.channels
    if header.alpha and not kept and not is_channel:
        yield Note("alpha", "transparency is composited over white")


def _depth(header: Header, dtype: str) -> Iterator[Note]:
    bits = min(BITS[header.dtype], BITS[dtype])
    if header.bits > bits:
        yield Note("depth", f"{header.bits} bits a channel become {bits}")


def _colour(header: Header, domain: Domain) -> Iterator[Note]:
    gray = domain.channels == 1 and not domain.bands
    if header.converted or (gray and not header.gray):
        source = header.converted or "colour"
        yield Note("colour", f"{source} becomes {'gray' if gray else 'RGB'}")


def _unread_bands(header: Header, domain: Domain) -> str:
    """Return which bands are read, if `domain` does not read all; or ""."""
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
