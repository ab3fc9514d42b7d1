"""Outputs of an output folder, and what remains of them."""

from pathlib import Path
from typing import Any, NamedTuple

from translate.engine.inference.outputs.manifest import OutputManifest
from translate.engine.inference.outputs.remaining import find_remaining
from translate.engine.inference.sampling import sample_folder
from translate.engine.models.drawing import SampleRequest
from translate.engine.models.model import Model
from translate.results import InferenceResult


class Item(NamedTuple):
    """An output to write."""

    output: Path
    origin: str = "nothing"


def remaining(
    manifest: OutputManifest, item: Item, origin: str = "0", **options: bool
) -> tuple[list[Item], int]:
    """Return what remains of one item, whose input has the hash `origin`."""
    return find_remaining(manifest, [item], lambda _: origin, **options)[:2]


def items(folder: Path, *names: str) -> list[Item]:
    """Return outputs below ``folder/out``."""
    return [Item(folder / "out" / name) for name in names]


def sample_images(
    model: Model, out: Path, request: SampleRequest, **options: Any
) -> InferenceResult:
    """Write images as `translate sample` does, and return the counts."""
    *_, result = sample_folder(model, out, request, **options)
    return result
