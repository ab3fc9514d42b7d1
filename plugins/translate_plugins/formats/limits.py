"""Limit of the number of values of an image: pixels times channels."""

from translate.images.source import EncodedImage

CHANNELS = 4
"""number of channels that `max_pixels` is for; with more, fewer pixels are allowed"""


def require_allowed(value_count: int, source: EncodedImage) -> None:
    """Raise `ValueError` for more values than `max_pixels` pixels of 4 channels have."""
    if value_count > CHANNELS * source.max_pixels:
        raise ValueError(
            f"{value_count:,} values: expected at most {CHANNELS} channels of "
            f"{source.max_pixels:,} pixels, see --max-pixels"
        )
