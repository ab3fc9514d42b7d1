"""A model that inverts brightness, and helpers to run it on folders."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hole_filling import MinimalRecipe
from PIL import Image
from specs import image_spec
from torch import Tensor

from translate.engine.disk.records import json_files
from translate.engine.inference.folder import FolderTranslation
from translate.engine.inference.inputs.paths import find_inputs
from translate.engine.models.model import Model
from translate.engine.models.options import InferenceOptions
from translate.engine.system import console
from translate.results import InferenceResult


class Invert(MinimalRecipe):
    """Inverts brightness, after calling `before` with the images; white becomes NaN."""

    def __init__(self, before: Callable[[Tensor], object] = Tensor.size) -> None:
        super().__init__()
        self.before = before

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        self.before(images)
        return torch.where(images > 0.99, torch.nan, -images)

    def targets(self, source: str) -> tuple[str, ...]:  # noqa: ARG002
        return "a", "b"


INVERTER = Model("runs/x", "abc", image_spec((32, 32), ("a", "b")), recipe=Invert())


def with_sides(model: Model, left: str, right: str) -> Model:
    """Return a model as if it were trained on side-by-side images."""
    return replace(model, spec=replace(model.spec, sides=(left, right)))


def translate(
    source: Path,
    out: Path,
    model: Model = INVERTER,
    *,
    logged: list[str] | None = None,
    **options: Any,
) -> InferenceResult:
    """Translate a folder, append messages to `logged`, and check that the counts add up."""
    stop = options.pop("stop", lambda: False)
    inputs = find_inputs(source, out)
    with console.messages((logged if logged is not None else []).append):
        folder = FolderTranslation(model, inputs, out, InferenceOptions(**options), stop=stop)
        *_, result = folder.run()
    assert result.requested == result.done + result.skipped + result.listed + result.remaining
    return result


def done_skipped_listed(result: InferenceResult) -> tuple[int, int, int]:
    """Return the numbers of images that are done, skipped and listed."""
    return result.done, result.skipped, result.listed


def file_digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every output file, by its relative path."""
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".translate" not in path.parts and path.name != "problems.jsonl"
    }


def read_pixels(path: Path) -> Any:
    """Return the pixels of a file as integers that can be subtracted."""
    return np.asarray(Image.open(path)).astype(int)


def listed_problems(out: Path) -> list[dict[str, Any]]:
    """Return the lines of problems.jsonl that are not notes."""
    lines = json_files.read_lines(out / "problems.jsonl")
    return [line for line in lines if line["reason"] != "note"]


def listed_notes(out: Path) -> list[tuple[str, str]]:
    """Return the file names and messages of the notes in problems.jsonl."""
    lines = json_files.read_lines(out / "problems.jsonl")
    assert all(line["stage"] == "read" for line in lines if line["reason"] == "note")
    return [(Path(x["path"]).name, x["message"]) for x in lines if x["reason"] == "note"]
