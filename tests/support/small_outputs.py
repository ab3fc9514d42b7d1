"""Outputs of `infer` and `sample` in a folder, and which of them are still to be written."""

from pathlib import Path
from typing import Any, NamedTuple

from translate.engine.inference.outputs.manifest import OutputManifest
from translate.engine.inference.outputs.remaining import find_remaining
from translate.engine.inference.sampling import sample_folder
from translate.engine.models.generation import SampleRequest
from translate.engine.models.model import Model
from translate.results import InferenceResult


class OutputItem(NamedTuple):
    """An output to write, and the name of its input."""

    output: Path
    origin: str = "nothing"


def make_manifest(folder: Path, model: str = "m", **options: bool) -> OutputManifest:
    """Return the manifest of ``folder/out`` for a model with this digest."""
    return OutputManifest(folder / "out", {"model": model}, **options)


def remaining_items(
    manifest: OutputManifest, item: OutputItem, input_hash: str = "0", **options: bool
) -> tuple[list[OutputItem], int]:
    """Return the items to write of `item` alone, and the number of skipped ones."""
    return find_remaining(manifest, [item], lambda _: input_hash, **options)[:2]


def sample_images(
    model: Model, out: Path, request: SampleRequest, **options: Any
) -> InferenceResult:
    """Write images as `translate sample` does, and return the counts."""
    *_, result = sample_folder(model, out, request, **options)
    return result
