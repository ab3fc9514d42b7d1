"""Measure images by metrics: figures, figures of each image, and bootstrap intervals."""

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
from translate.evaluate.outputs import Outputs
from translate.evaluate.result import FigureResult
from translate.images.tensors import as_tensor
from translate.metrics import Metric
from translate.registry import create, names, nearest

LEVEL = 0.95
PER_IMAGE = 300
"""resamples of figures that are means over images"""
IN_MASK = " in mask"
"""ends the names of figures that are restricted to masks"""
REAL = ("real", "real_labels")
ROWS = ("fake", "target", "source", "cycle", "mask", "labels")


@dataclass(frozen=True)
class Chosen:
    """A metric that is measured."""

    name: str
    arguments: Mapping[str, Any]
    """what its factory is given"""
    masked: bool = False
    """whether it is restricted to masks"""

    def create(self) -> Metric:
        """Return the metric, with nothing measured."""
        metric: Metric = create("metric", self.name, **self.arguments)
        return metric

    def figure(self, name: str) -> str:
        """Return what its figure `name` is called in the result."""
        return f"{name}{IN_MASK}" if self.masked else name

    def protocol(self) -> dict[str, str]:
        """Return what must be equal for its figures to compare."""
        return self.create().protocol()


def choose(
    wanted: Sequence[str],
    fields: frozenset[str],
    *,
    domain: Domain,
    source_domain: Domain,
    classes: tuple[str, ...],
    skipped: dict[str, list[str]],
) -> list[Chosen]:
    """Return the metrics to measure, those that are biased for few images last.

    Args:
        wanted: Names of metrics; none: all that `fields` suffice for.
        fields: The fields of a `MetricBatch` that there are.
        domain: Of the images that are measured.
        source_domain: Of what they are translated from.
        classes: Names of the classes.
        skipped: Gets the metrics that lack a package, by the reason.

    Raises:
        ConfigError: A metric that is named does not exist, or lacks something.
    """
    arguments = {"domain": domain, "source_domain": source_domain, "classes": classes}
    known = list(names("metric"))  # in the order in which plugins register them
    if unknown := [name for name in wanted if name.rpartition("/")[2] not in known]:
        near = nearest("metric", unknown[0], known)
        raise ConfigError(f"no metric is called {unknown[0]!r}.{near}")
    found: list[tuple[int, int, Chosen]] = []
    for name in dict.fromkeys(wanted) or known:
        chosen = Chosen(name, arguments)
        try:
            metric = chosen.create()
        except ConfigError as error:
            if wanted:
                raise
            skip(skipped, name, error)
            continue
        missing = sorted(metric.needs - fields)
        if missing and wanted:
            raise ConfigError(
                f"metric {name!r} needs {' and '.join(missing)}, which these images do not have: "
                f"expected one that needs no more than {', '.join(sorted(fields))}. `translate "
                "evaluate` without --metric measures all that fit."
            )
        if missing:
            continue
        found.append((metric.unbiased_from, "target" not in metric.needs, chosen))
        if "mask" in fields and metric.masked:
            found.append((0, False, replace(chosen, masked=True)))
    return [chosen for *_, chosen in sorted(found, key=lambda each: each[:2])]


def measure(chosen: Chosen, outputs: Outputs, *, batch_size: int, device: torch.device) -> Metric:
    """Return a metric that has measured `outputs`."""
    metric = chosen.create()
    fields = [name for name in ROWS if name in outputs.fields and name != "mask"]
    fields += ["mask"] if chosen.masked else []
    groups = [fields]
    if metric.needs & {*REAL}:
        groups.append([name for name in REAL if name in outputs.fields])
    with plugin_code(metric, "update"):
        for group in groups:
            for batch in _batches(outputs, group, batch_size, device):
                metric.update(batch)
    return metric


def values(metric: Metric) -> dict[str, float | None]:
    """Return the figures of a metric; None for undefined ones."""
    with plugin_code(metric, "compute"):
        return {name: number(value) for name, value in metric.compute().items()}


def number(value: float) -> float | None:
    """Return a finite number, else None."""
    return float(value) if math.isfinite(value) else None


def with_interval(metric: Metric, count: int, *, seed: int = 0) -> dict[str, FigureResult]:
    """Return the figures of a metric with the percentile interval of resampled images.

    Resampled distances of sets are too large, as images occur twice: the interval is moved by the
    difference of the figure and the mean of the resampled figures.

    Args:
        metric: That has measured.
        count: How many images it has measured.
        seed: Equal seeds give equal intervals.
    """
    found = values(metric)
    per_image = metric.per_image()
    resamples = PER_IMAGE if {*per_image} >= {*found} else metric.resamples
    if count < 2 or any(value is None for value in found.values()):
        resamples = 0
    random = np.random.default_rng(seed)
    drawn = [metric.resample(random).compute() for _ in range(resamples)]
    results = {}
    for name, value in found.items():
        figure = metric.figures[name]
        result = FigureResult(value, figure.better, figure.unit, count)
        each = np.array([figures[name] for figures in drawn])
        each = each[np.isfinite(each)]
        if value is not None and len(each) > 1:
            low, high = np.quantile(each, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) - each.mean() + value
            low = max(low, 0.0) if each.min() >= 0 else low  # of figures that are never negative
            result = replace(result, low=float(low), high=float(high), resamples=len(each))
        results[name] = result
    return results


def of_each_image(metric: Metric, names: Sequence[str]) -> dict[str, dict[str, float | None]]:
    """Return the figures of each image, by its name and that of the figure."""
    found: dict[str, dict[str, float | None]] = {}
    for figure, column in metric.per_image().items():
        for name, value in zip(names, column.tolist(), strict=True):
            found.setdefault(name, {})[figure] = number(value)
    return found


def _batches(
    outputs: Outputs, fields: Sequence[str], size: int, device: torch.device
) -> Iterator[Any]:
    """Yield batches of consecutive images of one size, in the numbers of their domain."""
    rows = list(zip(*(getattr(outputs, name) for name in fields), strict=True))
    for _, group in groupby(rows, key=lambda row: [np.shape(part)[:2] for part in row]):
        alike = list(group)
        for start in range(0, len(alike), size):
            columns = zip(*alike[start : start + size], strict=True)
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
    """Add a metric that could not be measured to those with the same reason."""
    others = skipped.setdefault(str(error).splitlines()[0], [])
    if name not in others:
        others.append(name)
