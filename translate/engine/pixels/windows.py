"""Which images can be read and written in windows, without loading them as a whole."""

from translate.engine.pixels.processing import ImageProcessor
from translate.formats import WindowedFormat
from translate.images.files import format_registry


def takes_windows(processor: ImageProcessor, suffix: str) -> bool | None:
    """Return whether images are translated in windows to files with this suffix.

    None: only with ``--tile``.
    """
    writer = format_registry.writer_of(suffix)
    supports_windows = (
        isinstance(writer and writer.format, WindowedFormat)
        and processor.model.supports_tiles
        and processor.half is None
        and processor.shorter_side is None
        and not processor.model.takes_mask
        and not processor.source.labels
    )
    has_tile_size = processor.limits is not None and processor.limits.tile is not None
    return (has_tile_size or None) if supports_windows else False
