"""What an exported file says of its model: domains, sizes, recipe and origin."""

from typing import Any

from pydantic import Field, ValidationError

from translate.batches import Domain
from translate.engine.disk.records import json_files
from translate.engine.system.signatures import validation_message
from translate.nn.geometry import Geometry

FORMAT = 1


class Tensors(json_files.Record):
    """The numbers that the network takes and returns."""

    layout: str = "NCHW"
    range: tuple[float, float] = (-1.0, 1.0)
    """the two ends of a domain's range"""


class ExportRecord(json_files.Record):
    """The metadata of an exported file, as JSON."""

    format: int = FORMAT
    tool: str
    """translate-kit and PyTorch, with their versions"""
    recipe: str
    step: int = Field(ge=0)
    checkpoint: str
    """SHA-256 of the checkpoint's manifest"""
    weights: str
    """SHA-256 of the tensors of the network, by name"""
    source: Domain
    target: Domain
    options: dict[str, Any] = {}
    """of the recipe's `translate`, which are fixed in the file"""
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
    """why an output depends on the whole image, where `geometry` has no halo"""
    bytes_per_pixel: int = Field(default=0, ge=0)
    """memory of the network's values for each pixel of an image; 0: not known"""

    def json(self) -> dict[str, Any]:  # type: ignore[override]
        """Return the record for a file."""
        return self.model_dump(mode="json")


def parse_record(metadata: object) -> ExportRecord:
    """Return the record that a file has.

    Raises:
        ValueError: It is none, or one of a later version.
    """
    if not isinstance(metadata, dict):
        raise ValueError("its metadata is no JSON object")
    if metadata.get("format") != FORMAT:
        raise ValueError(f"its metadata has format {metadata.get('format')!r}: expected {FORMAT}")
    try:
        return ExportRecord.model_validate(metadata, strict=False)
    except ValidationError as error:
        raise ValueError(f"its metadata is not understood: {validation_message(error)}") from error
