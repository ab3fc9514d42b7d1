"""Compute metrics of images: values of all images, of each image, and bootstrap intervals."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from translate.engine.loading.order import chunks
from translate.engine.plugins.errors import plugin_code
from translate.evaluate.images.outputs import Outputs
from translate.evaluate.result import MeasuredValue
from translate.evaluate.selection import SelectedMetric
from translate.images.tensors import as_tensor
from translate.metrics import Metric

CONFIDENCE = 0.95
INTERVAL = "95 %, percentiles of images drawn with replacement"
"""the description of intervals in the protocol"""
MEAN_RESAMPLES = 300
"""number of bootstrap resamples of metric values that are means over images"""
REAL_FIELDS = ("real", "real_labels")
FAKE_FIELDS = ("fake", "target", "source", "cycle", "mask", "labels")


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


def compute_values(metric: Metric) -> dict[str, float | None]:
    """Return the values of a metric by name; None for an undefined value."""
    with plugin_code(metric, "compute"):
        return {name: _finite_or_none(value) for name, value in metric.compute().items()}


def _finite_or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def values_with_intervals(metric: Metric, count: int, *, seed: int = 0) -> dict[str, MeasuredValue]:
    """Return the values of a metric with percentile intervals over resampled images.

    Distances of resampled sets are biased upwards, as images occur twice. So the interval is
    shifted by the difference between the value and the mean of the resampled values.

    Args:
        metric: A metric after all batches.
        count: The number of images that it has measured.
        seed: Random seed of the resampling.
    """
    computed = compute_values(metric)
    per_image = metric.per_image()
    resamples = MEAN_RESAMPLES if {*per_image} >= {*computed} else metric.resamples
    if count < 2 or any(value is None for value in computed.values()):
        resamples = 0
    random = np.random.default_rng(seed)
    resampled = [metric.resample(random).compute() for _ in range(resamples)]
    results = {}
    for name, value in computed.items():
        better, unit = metric.values[name]
        result = MeasuredValue(value, better, unit, count)
        sample = np.array([resampled_values[name] for resampled_values in resampled])
        sample = sample[np.isfinite(sample)]
        if value is not None and len(sample) > 1:
            low, high = percentile_interval(sample) - sample.mean() + value
            low = max(low, 0.0) if sample.min() >= 0 else low  # distances are not negative
            result = replace(result, low=float(low), high=float(high), resamples=len(sample))
        results[name] = result
    return results


def percentile_interval(
    resampled: NDArray[np.float64], level: float = CONFIDENCE
) -> NDArray[np.float64]:
    """Return the bootstrap interval (2,) of a value, from its values for resampled images.

    Args:
        resampled: The value for each resampled set of images.
        level: The confidence level, between 0 and 1.
    """
    interval: NDArray[np.float64] = np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2])
    return interval


def values_by_image(metric: Metric, names: Sequence[str]) -> dict[str, dict[str, float | None]]:
    """Return metric values of each image, by the name of the image, then of the value."""
    by_image: dict[str, dict[str, float | None]] = {}
    for value_name, column in metric.per_image().items():
        for image, value in zip(names, column.tolist(), strict=True):
            by_image.setdefault(image, {})[value_name] = _finite_or_none(value)
    return by_image


def _batches(
    outputs: Outputs, fields: Sequence[str], size: int, device: torch.device
) -> Iterator[Any]:
    """Yield batches of consecutive images of one size, with the pixel values of their domain."""
    rows = list(zip(*(getattr(outputs, name) for name in fields), strict=True))
    for _, group in groupby(rows, key=lambda row: [np.shape(part)[:2] for part in row]):
        for chunk in chunks(list(group), size):
            columns = zip(fields, zip(*chunk, strict=True), strict=True)
            yield {name: _tensor(column, name).to(device) for name, column in columns}


def _tensor(column: Sequence[Any], name: str) -> Tensor:
    if name.endswith("labels"):
        return torch.tensor(column)
    batch = torch.stack([as_tensor(image) for image in column])
    return batch if name == "mask" else batch.float()


@dataclass
class Measurements:
    """Values of several metrics, by their names in the result."""

    values: dict[str, MeasuredValue] = field(default_factory=dict)
    baselines: dict[str, dict[str, float | None]] = field(default_factory=dict)
    """values of each baseline"""
    per_image: dict[str, dict[str, float | None]] = field(default_factory=dict)
    """values of each image"""
    protocols: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """settings that must be equal for comparable values, by metric"""

    def add(self, selected: SelectedMetric, metric: Metric, outputs: Outputs, seed: int) -> None:
        """Add the values of a metric that has measured `outputs`."""
        self.protocols[selected.result_name(selected.name)] = metric.protocol()
        self.values |= selected.by_result_name(
            values_with_intervals(metric, len(outputs.fake), seed=seed)
        )
        for image, row in values_by_image(metric, outputs.names).items():
            self.per_image.setdefault(image, {}).update(selected.by_result_name(row))

    def add_seeds(self, rows: Iterable[Mapping[str, float | None]]) -> None:
        """Replace values by their means over seeds; `rows` has the values for further seeds."""
        further: dict[str, list[float | None]] = {}
        for row in rows:
            for name, value in row.items():
                further.setdefault(name, []).append(value)
        for name, column in further.items():
            self.values[name] = mean_over_seeds(self.values[name], column)


def mean_over_seeds(first: MeasuredValue, further: Sequence[float | None]) -> MeasuredValue:
    """Return the mean over seeds, with their deviation; the interval is that of the first.

    Args:
        first: The metric value for the first seed; returned unchanged if a value is undefined.
        further: The values for the further seeds.
    """
    if first.value is None or None in further:
        return first
    by_seed = np.array([first.value, *further], float)
    mean = float(by_seed.mean())
    shift = mean - first.value
    return replace(
        first,
        value=mean,
        low=None if first.low is None else first.low + shift,
        high=None if first.high is None else first.high + shift,
        deviation=float(by_seed.std(ddof=1)),
    )
