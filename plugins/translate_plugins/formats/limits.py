"""Limit of the values of one image, over its pixels and channels."""

from translate.images.source import EncodedImage

CHANNELS = 4
"""number of channels for which the limit of pixels holds"""


def require_allowed(count: int, source: EncodedImage) -> None:
    """Raise `ValueError` for more values than `max_pixels` of `CHANNELS` channels have."""
    if count > CHANNELS * source.max_pixels:
        raise ValueError(
            f"{count:,} values: expected at most {CHANNELS} channels of {source.max_pixels:,} "
            "pixels, see --max-pixels"
        )
