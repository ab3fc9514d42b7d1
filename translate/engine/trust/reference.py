"""What is usual for a model: its features and differences on its own training images."""

import json
import logging
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from translate.engine.checkpoints.references import resolve
from translate.engine.checkpoints.safetensors import serialize
from translate.engine.checkpoints.untrusted import check_header
from translate.engine.disk import files
from translate.engine.models.model import require_recipe
from translate.engine.pixels.processing import ImageProcessor
from translate.engine.trust import differences
from translate.engine.trust.features import distances_within, features
from translate.engine.trust.training_inputs import TrainingInputs
from translate.errors import BadImage, CheckpointError, TranslateError
from translate.images.layers import Pixels

FEATURES = 1000
"""training images with features, at most, spread evenly"""
TRANSLATED = 64
"""training images that are translated, at most"""
USUAL = 0.95
"""quantile over training images that is the limit of what is usual"""
LEAST = 1e-3
"""limit of a measure that is zero for all training images"""
VERSION = 1
"""of the saved tensors"""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reference:
    """Measures of training images."""

    features: Tensor
    """(N, D); N is 0 where there are none"""
    measures: dict[str, Tensor]
    """``cycle`` and ``spread``, each (M,), as far as the model has them; ``distance``, (N,)"""

    @property
    def limits(self) -> dict[str, float]:
        """The limit of what is usual, by measure."""
        return {
            name: max(LEAST, float(np.quantile(values.numpy(), USUAL)))
            for name, values in self.measures.items()
        }


def open_reference(processor: ImageProcessor, inputs: TrainingInputs) -> Reference | None:
    """Return the reference of a model, saved in its run or else measured and saved there.

    None, and a message, where it is not saved and the training images are not there.
    """
    path = _place(processor)
    try:
        if path.is_file():
            return read(path)
    except CheckpointError as error:
        logger.info(f"{error} It is measured again.")
    try:
        crops = inputs.read(FEATURES)
    except (TranslateError, BadImage, OSError) as error:
        logger.info(
            f"trust: the images that {processor.model.name} was trained on cannot be read: {error} "
            "What is usual for it is not known: there is no distance and no trust, only "
            "differences. With these images at their place, it is measured once and saved."
        )
        return None
    logger.info(f"trust: measuring what is usual for {len(crops)} training images, once")
    reference = measure(processor, crops)
    tensors = {"features": reference.features, **reference.measures}
    try:
        files.replace(path, b"".join(serialize(tensors)))
    except OSError as error:
        logger.info(f"trust: could not write {path}: {error.strerror or error}")
    return reference


def measure(processor: ImageProcessor, crops: list[Pixels]) -> Reference:
    """Return the measures of training inputs (H, W, C) of one size, as the network gets them."""
    source, device = processor.source, require_recipe(processor.model).device
    measures: dict[str, Tensor] = {}
    rows = torch.empty(0, 1)
    if source.channels in (1, 3) and len(crops) > 1:
        rows = features([crop[..., : source.channels] for crop in crops], source, device)
        measures["distance"] = distances_within(rows)
    wanted = {
        "cycle": differences.has_cycle(processor) and differences.cycle_differences,
        "spread": differences.has_spread(processor) and differences.spread_differences,
    }
    count = min(TRANSLATED, len(crops))
    few = [crops[place * len(crops) // count] for place in range(count)]
    for name, function in wanted.items():
        if not function:
            continue
        means = []
        for crop in few:
            outputs = processor.translate([crop])
            finite = [output for output in outputs if output is not None]
            means += [float(each.mean()) for each in function(processor, [crop], finite) if finite]
        measures[name] = torch.tensor(means)
    return Reference(rows, measures)


def _place(processor: ImageProcessor) -> Path:
    """Return the file of the reference in the folder of the run."""
    model, (checkpoint, _) = processor.model, resolve(processor.model.name)
    run = checkpoint.parent.parent if checkpoint.parent.name == "checkpoints" else checkpoint
    facts: dict[str, Any] = {
        "version": VERSION,
        "checkpoint": model.digest,
        "to": processor.to,
        "options": dict(processor.options),
    }
    text = json.dumps(facts, sort_keys=True, default=str)
    return run / "trust" / f"{sha256(text.encode()).hexdigest()[:16]}.safetensors"


def read(path: Path) -> Reference:
    """Return a saved reference; raises `CheckpointError` if it is not one."""
    try:
        check_header(path)
        tensors = load(path.read_bytes())
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}.") from error
    rows = tensors.pop("features", torch.empty(0))
    known = {"distance": len(rows), "cycle": None, "spread": None}
    sound = rows.ndim == 2 and tensors.keys() <= known.keys() and len(tensors) > 0
    for name, values in tensors.items():
        sound &= values.ndim == 1 and len(values) > 0
        sound &= known.get(name) in (None, len(values))
    every = [rows, *tensors.values()]
    if not sound or not all(each.is_floating_point() and each.isfinite().all() for each in every):
        raise CheckpointError(f"{path} holds no reference of trust.")
    return Reference(rows.float(), {name: values.float() for name, values in tensors.items()})
