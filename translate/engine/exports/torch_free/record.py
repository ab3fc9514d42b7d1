"""Metadata of an exported file: domains, sizes, recipe and origin of its model."""

from typing import Any

from pydantic import Field, ValidationError

from translate.batches import Domain
from translate.engine.disk.records import json_files
from translate.engine.system.signatures import validation_message
from translate.nn.geometry import Geometry

FORMAT = 1


class Tensors(json_files.Record):
    """Axes and range of the network's input and output tensors."""

    layout: str = "NCHW"
    range: tuple[float, float] = (-1.0, 1.0)
    """the values of a domain's minimum and maximum"""


class LatentPart(json_files.Record):
    """A part of the latents of one image, independent of the others."""

    distribution: str
    """its name in `translate.nn.latents.PRIORS`"""
    dim: int
    """the number of latent variables"""


class Generation(json_files.Record):
    """The inputs of a network that generates images."""

    latents: tuple[int, ...]
    """shape of the latents of one image: (dim, 1, 1)"""
    prior: tuple[LatentPart, ...] = ()
    """the distributions of the parts of `latents`; empty: the recipe defines them in code"""
    classes: tuple[str, ...] = ()
    """names of the classes, which the input ``condition`` indexes"""
    text_length: int = Field(default=0, ge=0)
    """length of texts in the input ``condition``, bytes of UTF-8 padded with zeros; 0: no text"""


class ExportRecord(json_files.Record):
    """The metadata of an exported file, as JSON."""

    format: int = FORMAT
    tool: str
    """versions of translate-kit and PyTorch"""
    recipe: str
    step: int = Field(ge=0)
    checkpoint: str
    """SHA-256 of the checkpoint's manifest"""
    weights: str
    """SHA-256 of the tensors of the network, by name"""
    source: Domain
    target: Domain
    options: dict[str, Any] = {}
    """options of the recipe's `translate`, which are fixed in the file"""
    geometry: Geometry
    tensors: Tensors = Tensors()
    takes_mask: bool = False
    """whether the last channel of the input is a mask: 1 in the hole, -1 outside"""
    keeps_gray: bool = False
    size: tuple[int, int]
    """height and width of a training crop"""
    sides: tuple[str, ...] = ()
    unscaled: bool = False
    whole_image: str = "it was exported by an older version"
    """why an output depends on the whole image, if `geometry` has no halo"""
    bytes_per_pixel: int = Field(default=0, ge=0)
    """memory of the activations per input pixel; 0: unknown"""

    generation: Generation | None = None
    """None: the network translates images"""

    def json(self) -> dict[str, Any]:  # type: ignore[override]
        """Return the record as JSON types."""
        return self.model_dump(mode="json")


def parse_record(metadata: object) -> ExportRecord:
    """Return the record in the metadata of a file.

    Raises:
        ValueError: The metadata is no record, or a record of another version.
    """
    if not isinstance(metadata, dict):
        raise ValueError("its metadata is not a JSON object")
    if metadata.get("format") != FORMAT:
        raise ValueError(f"its metadata has format {metadata.get('format')!r}: expected {FORMAT}")
    try:
        return ExportRecord.model_validate(metadata, strict=False)
    except ValidationError as error:
        raise ValueError(f"its metadata is not valid: {validation_message(error)}") from error
