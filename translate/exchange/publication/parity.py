"""A reference input and output of a model, to verify its outputs on another machine."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from translate.batches import Domain
from translate.engine.checkpoints.references.packs import Kind, ParityRecord
from translate.engine.checkpoints.safetensors import serialize
from translate.engine.models.generation import SampleRequest, draw_images
from translate.engine.models.model import Model
from translate.engine.pixels.processing import append_hole
from translate.errors import CheckpointError, TranslateError
from translate.images.domains.levels import is_photographic
from translate.images.layers import Pixels

TOLERANCE = 1e-3
"""largest accepted difference, as a fraction of the range of values: a quarter of an 8-bit level;
the order of sums, which depends on the processor, changes float32 outputs by 1e-6 to 1e-5"""
SEED = 0


class Parity(NamedTuple):
    """A reference input and output."""

    record: ParityRecord
    tensors: Mapping[str, Tensor]
    """``output``, and ``input`` if the model translates"""

    @property
    def data(self) -> bytes:
        """The tensors as a safetensors file."""
        return b"".join(serialize(self.tensors))


def make_parity(model: Model) -> Parity:
    """Return random pixels and their translation, or only an image that is drawn from noise."""
    to = model.choose_target(None) if model.translates else model.spec.target.name
    kind: Kind = "translate" if model.translates else "draw"
    record = ParityRecord(kind=kind, to=to, tolerance=TOLERANCE)
    inputs = {"input": torch.from_numpy(_random_pixels(model, to))} if model.translates else {}
    output = torch.from_numpy(np.ascontiguousarray(_output(model, record, inputs)))
    return Parity(record, {**inputs, "output": output})


def difference(model: Model, record: ParityRecord, path: Path) -> float:
    """Return the largest difference to the reference output, as a fraction of the range of values.

    Raises `CheckpointError` if the file `path` of the reference cannot be read.
    """
    try:
        tensors = load_file(path)
        expected = tensors["output"].numpy()
        actual = _output(model, record, tensors)
    except (OSError, SafetensorError, KeyError, RuntimeError, ValueError) as error:
        raise CheckpointError(f"{path}: the reference output cannot be read: {error}.") from error
    if actual.shape != expected.shape:
        raise CheckpointError(f"{path}: the output is {actual.shape}: expected {expected.shape}.")
    target = _target(model, record)
    low, high = (0.0, 1.0) if is_photographic(target) else target.range
    return float(np.abs(actual.astype(float) - expected.astype(float)).max() / (high - low))


def _output(model: Model, record: ParityRecord, tensors: Mapping[str, Tensor]) -> NDArray:
    """Return the output (H, W, C): photographs as floats in [0, 1], others in their own dtype."""
    target = _target(model, record)
    dtype = "float32" if is_photographic(target) else target.dtype
    if record.kind == "draw":
        text = "a" if model.spec.text_length else None
        (image,) = draw_images(model, SampleRequest(1, text=text, seed=SEED), dtype)
    else:
        options, seed = model.complete_options({}), model.choose_seed(None)
        pixels = tensors["input"].numpy()
        (image,) = model.translate([pixels], record.to, dtypes=[dtype], options=options, seed=seed)
    if image is None:
        raise TranslateError(f"{model.name}: its outputs are not finite.")
    return image


def _target(model: Model, record: ParityRecord) -> Domain:
    is_drawn = record.kind == "draw"
    return model.spec.target if is_drawn else model.source_and_target(record.to)[1]


def _random_pixels(model: Model, to: str) -> Pixels:
    """Return random pixels (H, W, C) of the source domain, of the size of training crops."""
    source, _ = model.source_and_target(to)
    (height, width), (low, high) = model.spec.size, source.range
    random = np.random.default_rng(SEED).random((height, width, source.channels))
    pixels = (low + random * (high - low)).astype(source.dtype)
    if not model.takes_mask:
        return pixels
    hole = np.zeros((height, width, 1), np.uint8)
    hole[height // 4 : height // 2, width // 4 : width // 2] = 255
    return append_hole(pixels, hole)
