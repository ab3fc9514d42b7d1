"""Measures how far each output can be trusted: differences and distance, in one number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from translate.engine.inference.trust import Trust
from translate.engine.models.model import Model, require_recipe
from translate.engine.pixels.processing import ImageProcessor
from translate.engine.trust import differences
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
        """Return the trust of each output.

        Args:
            inputs: (H, W, C) of one size, as the network gets them.
            outputs: As the network returns them.
        """
        maps: dict[str, list[differences.Difference]] = {}
        if differences.has_cycle(self.processor):
            maps["cycle"] = differences.cycle_differences(self.processor, inputs, outputs)
        if differences.has_spread(self.processor):
            maps["spread"] = differences.spread_differences(self.processor, inputs, outputs)
        measures = {name: [float(each.mean()) for each in rows] for name, rows in maps.items()}
        if self.reference and len(self.reference.features):
            crops = [self.inputs.crop(image) for image in inputs]
            rows = features(
                crops, self.processor.source, require_recipe(self.processor.model).device
            )
            measures["distance"] = distances(rows, self.reference.features).tolist()
        return [
            Trust(
                self._scores({name: values[place] for name, values in measures.items()}),
                [rows[place] for rows in maps.values()],
            )
            for place in range(len(inputs))
        ]

    def _scores(self, measures: dict[str, float]) -> dict[str, float]:
        """Return the measures and, if there are limits, the trust."""
        scores = {name: round(value, DIGITS) for name, value in measures.items()}
        limits = self.reference.limits if self.reference else {}
        ratios = {name: value / limits[name] for name, value in measures.items() if name in limits}
        return {"trust": round(trust(ratios), DIGITS), **scores} if ratios else scores


def trust(ratios: Mapping[str, float]) -> float:
    """Return ``1 / (1 + r)``: 0.5 at the limits, and less above them.

    r is the mean ratio of the differences, plus the excess of the distance's ratio over 1: below
    its limit, the distance does not predict the error. Without differences, r is the distance's
    ratio.

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
    if reference is None and not (
        differences.has_cycle(processor) or differences.has_spread(processor)
    ):
        raise ConfigError(
            f"trust: {processor.model.name} cannot translate back and draws no random numbers, "
            "and its training images are missing: nothing can be measured. Leave --trust out, or "
            "restore the training images."
        )
    return Meter(processor, inputs, reference)
