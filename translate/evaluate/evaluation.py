"""Evaluate a trained run, or folders of images, next to baselines computed by the same code."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from translate.batches import Domain
from translate.errors import ConfigError, TranslateError
from translate.evaluate import measuring
from translate.evaluate.images import examples
from translate.evaluate.images.outputs import FieldName, Outputs
from translate.evaluate.measuring import SelectedMetric
from translate.evaluate.result import EvaluationResult, FigureResult

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Subject:
    """Images to evaluate, with their baselines."""

    fields: frozenset[FieldName]
    """fields that `outputs` will have"""
    outputs: Callable[[int], Outputs]
    """computes the outputs for a seed"""
    baselines: Callable[[Outputs], Mapping[str, Callable[[], Outputs]]]
    """returns baselines of the outputs for the first seed"""
    trust: Callable[[Outputs], Mapping[str, Mapping[str, float]]] = lambda _: {}
    """returns the trust of the outputs for the first seed, by the name of the image"""


@dataclass
class Evaluation:
    """Measures subjects by metrics, and returns an `EvaluationResult`."""

    metric_names: Sequence[str]
    """none: all metrics that the images have the data for"""
    domain: Domain
    source_domain: Domain
    classes: tuple[str, ...] = ()
    batch_size: int = 16
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    notes: list[str] = field(default_factory=list)
    skipped: dict[str, list[str]] = field(default_factory=dict)
    """names of metrics that could not be measured, by the reason"""
    _seeds: dict[str, list[float | None]] = field(default_factory=dict)
    """values for further seeds, by figure"""

    def run(
        self, name: str, subjects: Sequence[Subject], seeds: Sequence[int], protocol: dict[str, Any]
    ) -> EvaluationResult:
        """Return the figures of all subjects.

        Args:
            name: What is evaluated.
            subjects: Translations, samples or both. A metric measures the last one that has the
                fields that it needs: translations if it needs inputs or ground truth.
            seeds: Random seeds of the outputs; baselines are computed for the first.
            protocol: Settings to record, in addition to those of the metrics.
        """
        first, *others = seeds
        selected = measuring.select_metrics(
            self.metric_names,
            frozenset().union(*(each.fields for each in subjects)),
            domain=self.domain,
            source_domain=self.source_domain,
            classes=self.classes,
            skipped=self.skipped,
        )  # before the outputs, which take long: errors come early
        outputs = [subject.outputs(first) for subject in subjects]
        figures: dict[str, FigureResult] = {}
        baselines: dict[str, dict[str, float | None]] = {}
        per_image: dict[str, dict[str, float | None]] = {}
        protocols: dict[str, Any] = {}
        for subject, subject_outputs in zip(subjects, outputs, strict=True):
            own = [
                each for each in selected if self._is_measured_on(each, subject_outputs, outputs)
            ]
            measured = self._measure(own, subject_outputs)
            for each, metric in measured:
                protocols[each.figure(each.name)] = metric.protocol()
                results = measuring.with_interval(metric, len(subject_outputs.fake), seed=first)
                figures |= {each.figure(figure): result for figure, result in results.items()}
                rows = measuring.of_each_image(metric, subject_outputs.names)
                for image, row in rows.items():
                    named = {each.figure(figure): value for figure, value in row.items()}
                    per_image.setdefault(image, {}).update(named)
            kept = [each for each, _ in measured]
            for other in others:
                self._add_seed(kept, subject.outputs(other))
            self._finish_seeds(figures)
            for baseline, make in subject.baselines(subject_outputs).items():
                scores: dict[str, float | None] = {}
                for each, metric in self._measure(kept, make()):
                    scores |= {each.figure(k): v for k, v in measuring.values(metric).items()}
                if scores:
                    logger.info(f"measured the {baseline}")
                    baselines.setdefault(baseline, {}).update(scores)
        if others and baselines:
            self.notes.append(f"figures are means over seeds, baselines of the seed {first}")
        self.notes += [f"skipped {', '.join(k)}: {why}" for why, k in self.skipped.items()]
        self._note_biased_figures(selected, figures)
        if not figures:
            raise ConfigError(
                "there is nothing to measure: no metric fits these images. " + " ".join(self.notes)
            )
        order = [name for each in selected for name in figures if self._has_figure(each, name)]
        figures = {name: figures[name] for name in dict.fromkeys([*order, *figures])}
        result = EvaluationResult(
            name,
            figures,
            baselines,
            per_image=per_image,
            trust=self._trust(subjects, outputs),
            protocol={**protocol, "metrics": protocols},
        )
        result = replace(result, flags=flags(result), notes=tuple(self.notes))
        return examples.with_thumbnails(result, outputs, self.source_domain, self.domain)

    def _trust(
        self, subjects: Sequence[Subject], outputs: Sequence[Outputs]
    ) -> dict[str, Mapping[str, float]]:
        """Return the trust of each image; empty if metrics were chosen by name."""
        scores: dict[str, Mapping[str, float]] = {}
        for subject, subject_outputs in zip(subjects, outputs, strict=True):
            if self.metric_names:
                continue
            try:
                scores |= subject.trust(subject_outputs)
            except TranslateError as error:
                self.notes.append(f"trust was not measured: {error}")
        return scores

    def _has_figure(self, selected: SelectedMetric, figure: str) -> bool:
        return figure in {selected.figure(name) for name in selected.create().figures}

    def _is_measured_on(
        self, selected: SelectedMetric, subject_outputs: Outputs, outputs: Sequence[Outputs]
    ) -> bool:
        """Return whether a metric measures these outputs, rather than others of `outputs`."""
        metric = selected.create()
        needs = metric.needs | ({"mask"} if selected.masked else set())
        fitting = [each for each in outputs if needs <= each.fields]
        if metric.of_samples and not self.metric_names:
            fitting = [each for each in fitting if "source" not in each.fields]
        return bool(fitting) and subject_outputs is fitting[-1]

    def _measure(
        self, selected: Sequence[SelectedMetric], outputs: Outputs
    ) -> list[tuple[SelectedMetric, Any]]:
        """Return the metrics that could be computed, each with its measurement."""
        measured = []
        for each in selected:
            needs = each.create().needs | ({"mask"} if each.masked else set())
            if not needs <= outputs.fields:
                continue
            try:
                metric = measuring.measure(
                    each, outputs, batch_size=self.batch_size, device=self.device
                )
                measuring.values(metric)
            except TranslateError as error:
                if self.metric_names:
                    raise
                measuring.skip(self.skipped, each.name, error)
                continue
            measured.append((each, metric))
        return measured

    def _add_seed(self, selected: Sequence[SelectedMetric], outputs: Outputs) -> None:
        """Record the values for one more seed."""
        for each, metric in self._measure(selected, outputs):
            for name, value in measuring.values(metric).items():
                self._seeds.setdefault(each.figure(name), []).append(value)

    def _finish_seeds(self, figures: dict[str, FigureResult]) -> None:
        """Replace each value by its mean over seeds, with the standard deviation."""
        for name, others in self._seeds.items():
            result = figures[name]
            seed_values = [result.value, *others]
            values = [value for value in seed_values if value is not None]
            if len(values) < len(seed_values):
                continue
            mean, shift = float(np.mean(values)), float(np.mean(values)) - values[0]
            figures[name] = replace(
                result,
                value=mean,
                low=None if result.low is None else result.low + shift,
                high=None if result.high is None else result.high + shift,
                deviation=float(np.std(values, ddof=1)),
            )
        self._seeds.clear()

    def _note_biased_figures(
        self, selected: Sequence[SelectedMetric], figures: Mapping[str, FigureResult]
    ) -> None:
        """Add notes on figures that are biased for so few images, and on undefined ones."""
        for each in selected:
            metric = each.create()
            for name in map(each.figure, metric.figures):
                if name not in figures:
                    continue
                count = figures[name].count
                if count < metric.unbiased_from:
                    self.notes.append(
                        f"{name} is biased for fewer than {metric.unbiased_from:,} images, and "
                        f"these are {count:,}: compare it only for equal numbers of images"
                    )
                if figures[name].value is None:
                    self.notes.append(f"{name} is undefined for these images")


def flags(result: EvaluationResult) -> dict[str, str]:
    """Return a sentence for each figure that a baseline reaches."""
    sentences = {}
    for name, figure in result.figures.items():
        best = result.best_baseline(name)
        if best and figure.is_reached_by(best[1]):
            unit = f" {figure.unit}" if figure.unit else ""
            sentences[name] = f"no better than the {best[0]} ({best[1]:.4g}{unit})"
    return sentences


def verdict(result: EvaluationResult, name: str) -> str:
    """Return a comparison of a figure with its baselines, in words."""
    figure, best = result.figures[name], result.best_baseline(name)
    if figure.value is None:
        return "undefined"
    if flag := result.flags.get(name):
        return flag
    if best is None:
        return "no baseline"
    near = figure.low if figure.better == "max" else figure.high
    within = near is not None and replace(figure, value=near).is_reached_by(best[1])
    return f"better than every baseline{', but within the interval' if within else ''}"
