"""Compute metrics of images: values of all images, of each image, and bootstrap intervals."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np
import torch
from torch import Tensor

from translate.batches import Domain
from translate.engine.plugins.errors import plugin_code
from translate.errors import ConfigError, TranslateError
from translate.evaluate.images.outputs import Outputs
from translate.evaluate.result import FigureResult
from translate.images.tensors import as_tensor
from translate.metrics import Metric
from translate.registry import create, names, nearest

CONFIDENCE = 0.95
INTERVAL = "95 %, percentiles of images drawn with replacement"
"""the description of intervals in the protocol"""
MEAN_RESAMPLES = 300
"""number of bootstrap resamples of metric values that are means over images"""
IN_MASK = " in mask"
"""suffix of the names of metric values that are computed in masks only"""
REAL_FIELDS = ("real", "real_labels")
FAKE_FIELDS = ("fake", "target", "source", "cycle", "mask", "labels")


@dataclass(frozen=True)
class SelectedMetric:
    """A metric to measure, with the arguments of its factory."""

    name: str
    arguments: Mapping[str, Any]
    """keyword arguments of its factory"""
    masked: bool = False
    """whether it is restricted to masks"""

    def create(self) -> Metric:
        """Return the metric, before any batch."""
        metric: Metric = create("metric", self.name, **self.arguments)
        return metric

    def figure(self, name: str) -> str:
        """Return the name that the value `name` of the metric has in the result."""
        return f"{name}{IN_MASK}" if self.masked else name

    def protocol(self) -> dict[str, str]:
        """Return the settings that must be equal for comparable values."""
        return self.create().protocol()


def select_metrics(
    metric_names: Sequence[str],
    fields: frozenset[str],
    *,
    domain: Domain,
    source_domain: Domain,
    classes: tuple[str, ...],
    skipped: dict[str, list[str]],
) -> list[SelectedMetric]:
    """Return the metrics to measure; those that are biased for few images come last.

    Args:
        metric_names: Names of metrics; none: all that need only `fields`.
        fields: The fields of a `MetricBatch` that the images have.
        domain: The domain of the images to measure.
        source_domain: The domain of their inputs.
        classes: Names of the classes.
        skipped: Gets the names of metrics whose package is not installed, by the reason.

    Raises:
        ConfigError: A metric in `metric_names` does not exist, or needs a field that is missing.
    """
    arguments = {"domain": domain, "source_domain": source_domain, "classes": classes}
    registered = list(names("metric"))  # in the order of registration
    if unknown := [name for name in metric_names if name.rpartition("/")[2] not in registered]:
        near = nearest("metric", unknown[0], registered)
        raise ConfigError(f"no metric is called {unknown[0]!r}.{near}")
    ranked: list[tuple[int, int, SelectedMetric]] = []
    for name in dict.fromkeys(metric_names) or registered:
        selected = SelectedMetric(name, arguments)
        try:
            metric = selected.create()
        except ConfigError as error:
            if metric_names:
                raise
            skip(skipped, name, error)
            continue
        missing = sorted(metric.needs - fields)
        if missing and metric_names:
            raise ConfigError(
                f"metric {name!r} needs {' and '.join(missing)}, which these images do not have: "
                f"expected one that needs no more than {', '.join(sorted(fields))}. `translate "
                "evaluate` without --metric measures all that these images have the data for."
            )
        if missing:
            continue
        ranked.append((metric.unbiased_from, "target" not in metric.needs, selected))
        if "mask" in fields and metric.masked:
            ranked.append((0, False, replace(selected, masked=True)))
    return [selected for *_, selected in sorted(ranked, key=lambda item: item[:2])]


def measure(
    selected: SelectedMetric, outputs: Outputs, *, batch_size: int, device: torch.device
) -> Metric:
    """Return a metric that has measured `outputs`."""
    metric = selected.create()
    fields = [name for name in FAKE_FIELDS if name in outputs.fields and name != "mask"]
    fields += ["mask"] if selected.masked else []
    groups = [fields]
    if metric.needs & {*REAL_FIELDS}:
        groups.append([name for name in REAL_FIELDS if name in outputs.fields])
    with plugin_code(metric, "update"):
        for group in groups:
            for batch in _batches(outputs, group, batch_size, device):
                metric.update(batch)
    return metric


def values(metric: Metric) -> dict[str, float | None]:
    """Return the values of a metric by name; None for an undefined value."""
    with plugin_code(metric, "compute"):
        return {name: number(value) for name, value in metric.compute().items()}


def number(value: float) -> float | None:
    """Return a finite number, else None."""
    return float(value) if math.isfinite(value) else None


def with_interval(metric: Metric, count: int, *, seed: int = 0) -> dict[str, FigureResult]:
    """Return the values of a metric with percentile intervals over resampled images.

    Distances of resampled sets are biased upwards, as images occur twice. Therefore the interval is
    shifted by the difference between the value and the mean of the resampled values.

    Args:
        metric: A metric after all batches.
        count: The number of images that it has measured.
        seed: Random seed of the resampling.
    """
    figure_values = values(metric)
    per_image = metric.per_image()
    resamples = MEAN_RESAMPLES if {*per_image} >= {*figure_values} else metric.resamples
    if count < 2 or any(value is None for value in figure_values.values()):
        resamples = 0
    random = np.random.default_rng(seed)
    resampled = [metric.resample(random).compute() for _ in range(resamples)]
    results = {}
    for name, value in figure_values.items():
        figure = metric.figures[name]
        result = FigureResult(value, figure.better, figure.unit, count)
        sample = np.array([figures[name] for figures in resampled])
        sample = sample[np.isfinite(sample)]
        if value is not None and len(sample) > 1:
            low, high = (
                np.quantile(sample, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
                - sample.mean()
                + value
            )
            low = max(low, 0.0) if sample.min() >= 0 else low  # distances are not negative
            result = replace(result, low=float(low), high=float(high), resamples=len(sample))
        results[name] = result
    return results


def of_each_image(metric: Metric, names: Sequence[str]) -> dict[str, dict[str, float | None]]:
    """Return metric values of each image, by the name of the image, then of the value."""
    by_image: dict[str, dict[str, float | None]] = {}
    for figure, column in metric.per_image().items():
        for name, value in zip(names, column.tolist(), strict=True):
            by_image.setdefault(name, {})[figure] = number(value)
    return by_image


def _batches(
    outputs: Outputs, fields: Sequence[str], size: int, device: torch.device
) -> Iterator[Any]:
    """Yield batches of consecutive images of one size, with the pixel values of their domain."""
    rows = list(zip(*(getattr(outputs, name) for name in fields), strict=True))
    for _, group in groupby(rows, key=lambda row: [np.shape(part)[:2] for part in row]):
        same_size = list(group)
        for start in range(0, len(same_size), size):
            columns = zip(*same_size[start : start + size], strict=True)
            yield {
                name: _tensor(column, name).to(device)
                for name, column in zip(fields, columns, strict=True)
            }


def _tensor(column: Sequence[Any], name: str) -> Tensor:
    if name.endswith("labels"):
        return torch.tensor(column)
    batch = torch.stack([as_tensor(image) for image in column])
    return batch if name == "mask" else batch.float()


def skip(skipped: dict[str, list[str]], name: str, error: TranslateError) -> None:
    """Add the name of a metric that cannot be computed to `skipped`, by the reason."""
    others = skipped.setdefault(str(error).splitlines()[0], [])
    if name not in others:
        others.append(name)
