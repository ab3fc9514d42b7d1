"""Evaluate a trained run, or folders of images, next to baselines computed by the same code."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from translate.batches import Domain
from translate.errors import ConfigError, TranslateError
from translate.evaluate import measuring
from translate.evaluate.images import examples
from translate.evaluate.images.outputs import FieldName, Outputs
from translate.evaluate.measuring import Measurements
from translate.evaluate.result import EvaluationResult, flags
from translate.evaluate.selection import SelectedMetric, select_metrics, skip
from translate.metrics import Metric

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Subject:
    """Images to evaluate, with their baselines."""

    fields: frozenset[FieldName]
    """fields that `outputs` will have"""
    outputs: Callable[[int], Outputs]
    """computes the outputs for a seed"""
    baselines: Callable[[Outputs], Mapping[str, Callable[[], Outputs]]]
    """returns functions that compute baselines of the outputs for the first seed, by name"""
    trust: Callable[[Outputs], Mapping[str, Mapping[str, float]]] = lambda _: {}
    """returns the trust of the outputs for the first seed, by the name of the image"""


@dataclass
class Evaluation:
    """Measures subjects by metrics, and returns an `EvaluationResult`."""

    metric_names: Sequence[str]
    """metrics to measure; none: all metrics that the images have the data for"""
    domain: Domain
    source_domain: Domain
    classes: tuple[str, ...] = ()
    batch_size: int = 16
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    notes: list[str] = field(default_factory=list)
    _skipped: dict[str, list[str]] = field(default_factory=dict, init=False)
    """names of metrics that could not be measured, by the reason"""

    def run(
        self, name: str, subjects: Sequence[Subject], seeds: Sequence[int], protocol: dict[str, Any]
    ) -> EvaluationResult:
        """Return the metric values of all subjects.

        Args:
            name: What is evaluated.
            subjects: Translations, samples or both. A metric measures the last one that has the
                fields that it needs: translations if it needs inputs or ground truth.
            seeds: Random seeds of the outputs; baselines are computed for the first.
            protocol: Settings to record, in addition to those of the metrics.
        """
        # before the outputs, which take long: a metric that does not fit is an error
        selected = select_metrics(
            self.metric_names,
            frozenset().union(*(subject.fields for subject in subjects)),
            domain=self.domain,
            source_domain=self.source_domain,
            classes=self.classes,
            skipped=self._skipped,
        )
        outputs = [subject.outputs(seeds[0]) for subject in subjects]
        measurements = Measurements()
        for subject, subject_outputs in zip(subjects, outputs, strict=True):
            metrics = [m for m in selected if self._outputs_for(m, outputs) is subject_outputs]
            self._measure_subject(subject, subject_outputs, metrics, seeds, measurements)
        self._add_notes(selected, measurements, seeds)
        if not measurements.values:
            raise ConfigError(
                "there is nothing to measure: no metric fits these images. " + " ".join(self.notes)
            )
        names = [value_name for choice in selected for value_name in choice.result_names]
        values = measurements.values
        result = EvaluationResult(
            name,
            {value_name: values[value_name] for value_name in names if value_name in values},
            measurements.baselines,
            per_image=measurements.per_image,
            trust=self._trust(subjects, outputs),
            protocol={**protocol, "metrics": measurements.protocols},
        )
        result = replace(result, flags=flags(result), notes=tuple(self.notes))
        return examples.with_thumbnails(result, outputs, self.source_domain, self.domain)

    def _outputs_for(self, selected: SelectedMetric, outputs: Sequence[Outputs]) -> Outputs | None:
        """Return the outputs that a metric measures; None if all lack a field."""
        fitting = [group for group in outputs if selected.needs <= group.fields]
        if selected.example.of_samples and not self.metric_names:
            fitting = [group for group in fitting if "source" not in group.fields]
        return fitting[-1] if fitting else None

    def _measure_subject(
        self,
        subject: Subject,
        outputs: Outputs,
        selected: Sequence[SelectedMetric],
        seeds: Sequence[int],
        measurements: Measurements,
    ) -> None:
        """Measure the outputs of a subject, those for further seeds, and its baselines."""
        measured = self._measure(selected, outputs)
        for choice, metric in measured:
            measurements.add(choice, metric, outputs, seeds[0])
        computable = [choice for choice, _ in measured]
        further = (self._values(computable, subject.outputs(seed)) for seed in seeds[1:])
        measurements.add_seeds(further)
        for baseline, compute in subject.baselines(outputs).items():
            if values := self._values(computable, compute()):
                logger.info(f"measured the {baseline}")
                measurements.baselines.setdefault(baseline, {}).update(values)

    def _values(
        self, selected: Sequence[SelectedMetric], outputs: Outputs
    ) -> dict[str, float | None]:
        """Return the values of all metrics that could be computed."""
        values: dict[str, float | None] = {}
        for choice, metric in self._measure(selected, outputs):
            values |= choice.by_result_name(measuring.compute_values(metric))
        return values

    def _measure(
        self, selected: Sequence[SelectedMetric], outputs: Outputs
    ) -> list[tuple[SelectedMetric, Metric]]:
        """Return the metrics that could be computed, each with its measurement."""
        measured = []
        for choice in selected:
            if not choice.needs <= outputs.fields:
                continue
            try:
                metric = measuring.measure(
                    choice, outputs, batch_size=self.batch_size, device=self.device
                )
                measuring.compute_values(metric)
            except TranslateError as error:
                if self.metric_names:
                    raise
                skip(self._skipped, choice.name, error)
                continue
            measured.append((choice, metric))
        return measured

    def _trust(
        self, subjects: Sequence[Subject], outputs: Sequence[Outputs]
    ) -> dict[str, Mapping[str, float]]:
        """Return the trust of each image; empty if metrics were chosen by name."""
        scores: dict[str, Mapping[str, float]] = {}
        if self.metric_names:
            return scores
        for subject, subject_outputs in zip(subjects, outputs, strict=True):
            try:
                scores |= subject.trust(subject_outputs)
            except TranslateError as error:
                self.notes.append(f"trust was not measured: {error}")
        return scores

    def _add_notes(
        self, selected: Sequence[SelectedMetric], measurements: Measurements, seeds: Sequence[int]
    ) -> None:
        """Add notes on skipped metrics, and on metric values that are biased or undefined."""
        if seeds[1:] and measurements.baselines:
            self.notes.append(f"values are means over seeds, baselines of the seed {seeds[0]}")
        self.notes += [f"skipped {', '.join(names)}: {why}" for why, names in self._skipped.items()]
        for choice in selected:
            unbiased_from = choice.example.unbiased_from
            for name in choice.result_names:
                measured = measurements.values.get(name)
                if measured and measured.count < unbiased_from:
                    self.notes.append(
                        f"{name} is biased for fewer than {unbiased_from:,} images, and these are "
                        f"{measured.count:,}: compare it only for equal numbers of images"
                    )
                if measured and measured.value is None:
                    self.notes.append(
                        f"{name} is undefined for these images: see translate show {choice.name}"
                    )
