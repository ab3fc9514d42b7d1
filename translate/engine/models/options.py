"""The options of translating a folder, and which of them are recorded with each output."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from translate.engine.shards.shard import Shard
from translate.images.source import MAX_PIXELS

NOT_RECORDED = {"recorded": False}
"""Metadata of fields that an output's record does not contain. Most do not change an output. The
hash of the input covers ``mask``, and the name of the output contains ``format`` and the frame;
``tile`` is added to the record by `recorded_tile` if it changes outputs."""


@dataclass(frozen=True)
class InferenceOptions:
    """Options of translating a folder."""

    to: str | None = None
    """the target domain; by default the last"""
    size: int | None = None
    """shorter side, in pixels, that images are scaled to before translation; None: not scaled"""
    scale_back: bool = False
    """resize outputs to the size of their inputs; if `size` is None, inputs are first scaled to the
    size of the training crops"""
    side: str | None = None
    """domain of the half of side-by-side images to translate, or ``whole`` for single images;
    required after training on side-by-side images"""
    mask: Path | None = field(default=None, metadata=NOT_RECORDED)
    """folder of masks, or the mask of a single image, for inpainting: white, or 1 in a mask of 0
    and 1, is the hole; None: transparent pixels are the hole"""
    batch_size: int | None = field(default=None, metadata=NOT_RECORDED)
    """images per batch, all of one size; None: 1, or 8 on a GPU"""
    format: str | None = field(default=None, metadata=NOT_RECORDED)
    """suffix of the outputs; None: that of the input if it can store the output, else png"""
    max_pixels: int = field(default=MAX_PIXELS, metadata=NOT_RECORDED)
    """largest number of pixels of an image; larger ones are listed as problems, not decoded"""
    frames: str = field(default="first", metadata=NOT_RECORDED)
    """``first``, or ``all`` frames or pages of each file"""
    keep_metadata: bool = field(default=False, metadata={"key": "metadata"})
    """keep all EXIF and XMP data, including GPS, not only the colour profile, owner and licence"""
    to_srgb: bool = False
    """convert colours from the file's profile to sRGB"""
    provenance: bool = True
    """write provenance metadata into outputs"""
    overwrite: bool = field(default=False, metadata=NOT_RECORDED)
    """replace outputs of other inputs, models or options"""
    limit: int | None = field(default=None, metadata=NOT_RECORDED)
    """number of images after which to stop; None: all"""
    options: Mapping[str, Any] | None = None
    """options of the recipe's `translate`"""
    seed: int | None = None
    """seed of the noise, if the recipe takes noise; None: 0"""
    tile: int | None = field(default=None, metadata=NOT_RECORDED)
    """tile size in pixels; None: tiles only for images that need more than `memory`, and only if
    they do not change the output"""
    memory: int | None = field(default=None, metadata=NOT_RECORDED)
    """bytes of memory for activations; None: 400 MB with `tile`, else half of the free memory"""
    shard: Shard | None = field(default=None, metadata=NOT_RECORDED)
    """the part of the images to translate; None: all"""
    backend: str | None = None
    """runtime of the model; None: PyTorch"""


def recorded_options(options: Any) -> Mapping[str, Any]:
    """Return the fields of a dataclass of options that an output's record contains.

    Each key is the ``key`` in the metadata of the field, or else its name. Flags with their default
    value are None, so that records that are older than a flag still match.
    """
    result = {}
    for option in fields(options):
        if option.metadata.get("recorded", True):
            value = getattr(options, option.name)
            is_default = isinstance(value, bool) and value is option.default
            result[option.metadata.get("key", option.name)] = None if is_default else value
    return result
