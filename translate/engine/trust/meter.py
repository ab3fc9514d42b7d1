"""Measures how far each output can be trusted, in one number from differences and a distance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from translate.engine.inference.trust import Trust
from translate.engine.models.model import Model, require_recipe
from translate.engine.pixels.processing import ImageProcessor
from translate.engine.trust.differences import supported_measures
from translate.engine.trust.features import distances, features
from translate.engine.trust.reference import Reference, open_reference
from translate.engine.trust.training_inputs import TrainingInputs
from translate.errors import ConfigError
from translate.images.layers import Pixels

DIGITS = 5
"""number of decimals of measures"""


@dataclass(frozen=True)
class Meter:
    """Measures the outputs of one model in one domain, relative to limits from training images."""

    processor: ImageProcessor
    inputs: TrainingInputs
    reference: Reference | None

    def measure(self, inputs: Sequence[Pixels], outputs: Sequence[Pixels]) -> list[Trust]:
        """Return the trust of each output, given inputs and outputs of the network of one size."""
        processor = self.processor
        differences = {
            name: measure(processor, inputs, outputs)
            for name, measure in supported_measures(processor).items()
        }
        measures = {n: [float(each.mean()) for each in maps] for n, maps in differences.items()}
        if self.reference and len(self.reference.features):
            crops = [self.inputs.crop(image) for image in inputs]
            device = require_recipe(processor.model).device
            features_of_crops = features(crops, processor.source, device)
            measures["distance"] = distances(features_of_crops, self.reference.features).tolist()
        return [
            Trust(
                self._scores({name: values[index] for name, values in measures.items()}),
                [maps[index] for maps in differences.values()],
            )
            for index in range(len(inputs))
        ]

    def _scores(self, measures: dict[str, float]) -> dict[str, float]:
        """Return the measures and, if there are limits, the trust."""
        scores = {name: round(value, DIGITS) for name, value in measures.items()}
        limits = self.reference.limits if self.reference else {}
        ratios = {name: value / limits[name] for name, value in measures.items() if name in limits}
        return {"trust": round(trust(ratios), DIGITS), **scores} if ratios else scores


def trust(ratios: Mapping[str, float]) -> float:
    """Return ``1 / (1 + r)``: 0.5 if all measures are at their limits, and less above the limits.

    r is the mean of the ratios of the differences, plus the distance's ratio - 1 if this is
    positive, as a distance below its limit does not predict the error. Without differences, r is
    the distance's ratio.

    Args:
        ratios: ``cycle``, ``spread`` and ``distance``, if measured, each divided by its limit.
    """
    differences = [value for name, value in ratios.items() if name != "distance"]
    distance = ratios.get("distance", 0.0)
    if not differences:
        return 1 / (1 + distance)
    return 1 / (1 + sum(differences) / len(differences) + max(0.0, distance - 1))


def open_meter(processor: ImageProcessor) -> Meter:
    """Return the meter of a model.

    Raises:
        ConfigError: There is nothing to measure.
    """
    if not isinstance(processor.model, Model):
        raise ConfigError(
            f"trust: {processor.model.name} is an exported model, which cannot translate back and "
            "has no training images: leave --trust out, or translate with the run, without "
            "--backend."
        )
    inputs = TrainingInputs(processor)
    reference = open_reference(processor, inputs)
    if reference is None and not supported_measures(processor):
        raise ConfigError(
            f"trust: {processor.model.name} cannot translate back and draws no random numbers, "
            "and its training images are missing: nothing can be measured. Leave --trust out, or "
            "restore the training images."
        )
    return Meter(processor, inputs, reference)
