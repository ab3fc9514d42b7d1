"""Whether images are read and written in windows, so that none is in memory as a whole."""

from translate.engine.pixels.processing import ImageProcessor
from translate.formats import WindowedFormat
from translate.images.files import format_registry


def takes_windows(processor: ImageProcessor, suffix: str) -> bool | None:
    """Return whether large images are translated in windows to a file with this suffix.

    None: they would be with ``--tile``.
    """
    writer = format_registry.writer_of(suffix)
    possible = (
        isinstance(writer and writer.format, WindowedFormat)
        and processor.model.tiles
        and processor.half is None
        and processor.shorter is None
        and not processor.model.takes_mask
        and not processor.source.labels
    )
    asked = processor.limits is not None and processor.limits.tile is not None
    return (asked or None) if possible else False
