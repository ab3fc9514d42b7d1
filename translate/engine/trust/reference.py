"""The reference of trust: measures of training images.

The trust of an output is a number (see `translate.engine.trust.meter`). It is low if the measures
of the output are high compared with the measures of training images.
"""

import json
import logging
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from translate.engine.checkpoints.references.lookup import is_cached_copy, resolve, run_of
from translate.engine.checkpoints.safetensors import read_tensors, serialize
from translate.engine.disk import files, user_cache
from translate.engine.loading.order import spread as at_even_intervals
from translate.engine.models.model import require_recipe
from translate.engine.pixels.processing import ImageProcessor
from translate.engine.trust.differences import supported_measures
from translate.engine.trust.features import distances, features
from translate.engine.trust.training_inputs import TrainingInputs
from translate.errors import BadImage, CheckpointError, TranslateError
from translate.images.layers import Pixels

MAX_FEATURES = 1000
"""largest number of training images with features; they are at even intervals in the data"""
MAX_TRANSLATIONS = 64
"""largest number of training images that are translated"""
QUANTILE = 0.95
"""the quantile over training images that is the limit of a measure"""
MIN_LIMIT = 1e-3
"""lowest limit, for a measure that is 0 on all training images"""
VERSION = 1
"""version of the measures in a reference file; another version has another file name"""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reference:
    """Measures of training images."""

    features: Tensor
    """(N, D): D features of each of N training images; N is 0 if features need other channels"""
    measures: dict[str, Tensor]
    """values of each measure, by its name:

    - ``cycle``, (M,) for M training images, if the model translates back: the mean difference
      between an input and its output translated back;
    - ``spread``, (M,), if the model takes noise: the mean difference between an output and the
      outputs for other random seeds;
    - ``distance``, (N,): the mean distance of features to those of the nearest other images.
    """

    @property
    def limits(self) -> dict[str, float]:
        """The limit of each measure: the `QUANTILE` over training images."""
        return {
            name: max(MIN_LIMIT, float(np.quantile(values.numpy(), QUANTILE)))
            for name, values in self.measures.items()
        }


def open_reference(processor: ImageProcessor, inputs: TrainingInputs) -> Reference | None:
    """Return the saved reference of a model; if there is none, measure and save it.

    The reference is saved in the folder of the run, or in the user's cache if the run is a
    downloaded or unpacked copy. Returns None, with a message, if no reference is saved and the
    training images cannot be read.
    """
    path = _path(processor)
    try:
        if path.is_file():
            return read(path)
    except CheckpointError as error:
        logger.info(f"{error} The reference of trust is measured again.")
    try:
        crops = inputs.read(MAX_FEATURES)
    except (TranslateError, BadImage, OSError) as error:
        logger.info(
            f"trust: the images that {processor.model.name} was trained on cannot be read: {error} "
            "Without them there is no distance and no trust: only the differences (cycle, spread) "
            "are measured. Once they can be read, the reference is measured and saved."
        )
        return None
    logger.info(f"trust: measuring the reference on {len(crops)} training images, once")
    reference = measure(processor, crops)
    tensors = {"features": reference.features, **reference.measures}
    try:
        files.replace(path, b"".join(serialize(tensors)))
    except OSError as error:
        logger.info(f"trust: could not write {path}: {error.strerror or error}")
    return reference


def measure(processor: ImageProcessor, crops: list[Pixels]) -> Reference:
    """Return the measures of training inputs of the network, (H, W, C) of one size."""
    source, device = processor.source, require_recipe(processor.model).device
    measures: dict[str, Tensor] = {}
    features_of_crops = torch.empty(0, 1)
    if source.channels in (1, 3) and len(crops) > 1:
        images = [crop[..., : source.channels] for crop in crops]  # without the channel of holes
        features_of_crops = features(images, source, device)
        measures["distance"] = distances(features_of_crops)  # to the other crops
    selection = at_even_intervals(crops, MAX_TRANSLATIONS)
    for name, measure_differences in supported_measures(processor).items():
        means = []
        for crop in selection:
            (output,) = processor.translate([crop])
            if output is not None:  # it is finite
                (difference,) = measure_differences(processor, [crop], [output])
                means.append(float(difference.mean()))
        measures[name] = torch.tensor(means)
    return Reference(features_of_crops, measures)


def _path(processor: ImageProcessor) -> Path:
    """Return the file of the reference in the folder of the run, or in the cache."""
    model = processor.model
    checkpoint, _ = resolve(model.name)
    facts: dict[str, Any] = {
        "version": VERSION,
        "checkpoint": model.digest,
        "to": processor.to,  # the name of the domain of the outputs
        "options": dict(processor.options),
    }
    text = json.dumps(facts, sort_keys=True, default=str)
    # a run that was downloaded or unpacked must not be changed
    folder = (
        user_cache.folder("trust") if is_cached_copy(model.name) else run_of(checkpoint) / "trust"
    )
    return folder / f"{sha256(text.encode()).hexdigest()[:16]}.safetensors"


def read(path: Path) -> Reference:
    """Return a saved reference; raises `CheckpointError` if it is not one."""
    tensors = read_tensors(path)
    saved_features = tensors.pop("features", torch.empty(0))
    lengths = {"distance": len(saved_features), "cycle": None, "spread": None}
    is_valid = saved_features.ndim == 2 and tensors.keys() <= lengths.keys() and len(tensors) > 0
    for name, values in tensors.items():
        is_valid &= values.ndim == 1 and len(values) > 0
        is_valid &= lengths.get(name) in (None, len(values))
    for values in (saved_features, *tensors.values()):
        is_valid &= values.is_floating_point() and bool(values.isfinite().all())
    if not is_valid:
        raise CheckpointError(f"{path} holds no reference of trust.")
    measures = {name: values.float() for name, values in tensors.items()}
    return Reference(saved_features.float(), measures)
