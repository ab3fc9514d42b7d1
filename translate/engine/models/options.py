"""The options of translating a folder, and those recorded with each output."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from translate.engine.shards.shard import Shard
from translate.images.source import MAX_PIXELS

NOT_RECORDED = frozenset(
    {"mask", "batch_size", "format", "max_pixels", "frames", "overwrite", "limit", "memory", "tile"}
    | {"shard"}
)
"""Fields of `InferenceOptions` that change no output of a given name: the content of a mask is part
of the input's hash, format and frame are part of the name. All others are recorded; ``tile`` only
where it changes outputs."""


@dataclass(frozen=True)
class InferenceOptions:
    """Options of translating a folder."""

    to: str | None = None
    """the target domain; by default the last"""
    size: int | None = None
    """length of the shorter side to which images are scaled first; by default they keep their
    size"""
    scale_back: bool = False
    """scale results to the size that they would have without `size`; without a `size`, translate at
    the size of the training crops"""
    side: str | None = None
    """the half of joined images to translate, or ``whole``; required after training on such"""
    mask: Path | None = None
    """folder of masks, or the mask of a single image, for a model that fills holes: white is the
    hole, or 1 in a mask of 0 and 1; by default what is wholly transparent is"""
    batch_size: int | None = None
    """images of one size that are translated at once; by default 1, on a GPU 8"""
    format: str | None = None
    """the suffix of every output; by default the input's, where that can hold the result"""
    max_pixels: int = MAX_PIXELS
    """larger images are listed, not decoded"""
    frames: str = "first"
    """``all`` translates each frame or page of a file that has several"""
    keep_metadata: bool = field(default=False, metadata={"key": "metadata"})
    """keep EXIF and XMP data, GPS included; by default only colour profiles, and of XMP owner and
    licence"""
    to_srgb: bool = False
    """convert colours to sRGB through the profile of their file; by default both are kept"""
    provenance: bool = True
    """say in outputs what made them"""
    overwrite: bool = False
    """replace outputs that something else made"""
    limit: int | None = None
    """translate only the first so many images"""
    options: Mapping[str, Any] | None = None
    """options of the recipe's own `translate`"""
    seed: int | None = None
    """seed of the noise, if the recipe takes noise; by default 0"""
    tile: int | None = None
    """sides of the tiles in which images are translated; by default images are translated in tiles
    only where they would take more than `memory`, and the result does not depend on it"""
    memory: int | None = None
    """bytes that a network's values may take; by default 400 MB with `tile`, else half of what is
    free"""
    shard: Shard | None = None
    """the part of the images to translate; by default all"""
    backend: str | None = None
    """the program that runs the model, if it is not PyTorch"""


def recorded(options: Any, excluded: Collection[str]) -> Mapping[str, Any]:
    """Return what a dataclass of options adds to the record of an output.

    Every field that is not `excluded` is in it, by its name or the ``key`` in its metadata. A
    switch with its default is None, which is also what older records have of later options.
    """
    result = {}
    for option in fields(options):
        if option.name not in excluded:
            value = getattr(options, option.name)
            is_default = isinstance(value, bool) and value is option.default
            result[option.metadata.get("key", option.name)] = None if is_default else value
    return result
