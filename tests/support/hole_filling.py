"""Models that fill masked regions, upscale or copy images, and helpers to run them on folders."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from specs import image_spec
from torch import Tensor, nn
from torch.optim import Optimizer

from translate.engine.disk.records import json_files
from translate.engine.inference.folder import translate_folder
from translate.engine.inference.inputs.paths import find_inputs
from translate.engine.models.model import Model
from translate.engine.models.options import InferenceOptions
from translate.nn.geometry import Geometry
from translate.recipe import Recipe, Turn
from translate.results import InferenceResult


class MinimalRecipe(Recipe[Any]):
    """A recipe of one weight that is not trained."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))

    def optimizers(self) -> dict[str, Optimizer]:
        return {}

    def step(self, batch: Any) -> Iterator[Turn]:
        yield Turn("nobody", nothing=batch)


class FillBlack(MinimalRecipe):
    """Fills masked regions with black."""

    takes_mask = True
    domains = ("photos",)

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        masked_images, hole = images[:, :-1], images[:, -1:]
        return torch.where(hole > 0, -1.0, masked_images)


class Upscale(MinimalRecipe):
    """Repeats each pixel three times."""

    geometry = Geometry(multiple_of=4, scale=3)

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        return images.repeat_interleave(3, 2).repeat_interleave(3, 3)


class Copy(MinimalRecipe):
    """Returns images as they are."""

    def translate(self, images: Tensor, *, to: str | None = None) -> Tensor:  # noqa: ARG002
        return images


SPEC = image_spec((32, 32), ("photos",))
FILLER = Model("runs/x", "abc", SPEC, recipe=FillBlack())
UPSCALING_MODEL = replace(FILLER, recipe=Upscale())
COPYING_MODEL = replace(FILLER, recipe=Copy())


def translate_images(source: Path, out: Path, model: Model, **options: Any) -> InferenceResult:
    """Translate the folder `source` by a model, with options of `infer`."""
    return translate_folder(model, find_inputs(source, out), out, InferenceOptions(**options))


def problem_messages(out: Path) -> list[str]:
    """Return the messages in problems.jsonl of an output folder."""
    return [record["message"] for record in json_files.read_lines(out / "problems.jsonl")]
