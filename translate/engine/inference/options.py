"""How a folder is translated."""

from dataclasses import dataclass, field
from pathlib import Path

from translate.images.decode import MAX_PIXELS

NEUTRAL = frozenset({"mask", "batch_size", "format", "max_pixels", "frames", "overwrite", "limit"})
"""`Options` that change no output of a name: what a mask holds is part of the input, a format and a
frame are part of the name. All others are in the record of an output."""


@dataclass(frozen=True)
class InferenceOptions:
    """How a folder is translated."""

    to: str | None = None
    """the domain to translate to; by default the last"""
    size: int | None = None
    """what the shorter side is scaled to first; by default pictures keep their size"""
    scale_back: bool = False
    """bring results to the size that they would have without `size`; without a `size`, translate at
    the size of the training crops"""
    side: str | None = None
    """which half of joined images is translated, or ``whole``; needed after training on such"""
    mask: Path | None = None
    """folder of masks, or the mask of a single image, for a model that fills holes: white is the
    hole, or 1 in a mask of 0 and 1; by default what is wholly transparent is"""
    batch_size: int | None = None
    """pictures of one size that go through the network at once; by default 1, on a GPU 8"""
    format: str | None = None
    """the suffix of every output; by default the input's, where that can hold the result"""
    max_pixels: int = MAX_PIXELS
    """larger pictures are listed, not decoded"""
    frames: str = "first"
    """``all`` makes a picture of each frame or page of a file that has several"""
    keep_metadata: bool = field(default=False, metadata={"key": "metadata"})
    """keep what the camera wrote, the place included; by default only colour profiles are kept"""
    overwrite: bool = False
    """replace outputs that something else made"""
    limit: int | None = None
    """translate only the first so many pictures"""
