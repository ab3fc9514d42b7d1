"""How many numbers one image may have: its pixels are limited, and so are its channels."""

from translate.images.source import EncodedImage

CHANNELS = 4
"""channels of an image with as many pixels as are allowed"""


def require_allowed(numbers: int, source: EncodedImage) -> None:
    """Raise `ValueError` for more numbers than four for each pixel that is allowed."""
    if numbers > CHANNELS * source.max_pixels:
        raise ValueError(
            f"{numbers:,} numbers: more than {CHANNELS} for each of the {source.max_pixels:,} "
            "pixels that are allowed"
        )
