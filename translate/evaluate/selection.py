"""The metrics to measure: those that are named, or all that the images have the data for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

from translate.batches import Domain
from translate.errors import ConfigError, MissingWeightsError, TranslateError
from translate.metrics import Metric
from translate.registry import create, names, nearest

Value = TypeVar("Value")
MISSING = "pretrained networks are missing: `translate weights` lists them with their addresses"
"""why metrics without their pretrained networks are skipped"""
IN_MASK = " in mask"
"""suffix of the names of metric values that are computed in masks only"""


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

    @cached_property
    def example(self) -> Metric:
        """The metric for its attributes; it measures nothing."""
        return self.create()

    @property
    def needs(self) -> frozenset[str]:
        """The fields of `Outputs` that it needs."""
        return self.example.needs | ({"mask"} if self.masked else set())

    @property
    def result_names(self) -> list[str]:
        """The names that the values of the metric have in the result."""
        return [self.result_name(name) for name in self.example.values]

    def result_name(self, name: str) -> str:
        """Return the name that the value `name` of the metric has in the result."""
        return f"{name}{IN_MASK}" if self.masked else name

    def by_result_name(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """Return values of the metric by their names in the result."""
        return {self.result_name(name): value for name, value in values.items()}


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
        skipped: Gets the names of metrics without their package, by the reason.

    Raises:
        ConfigError: A metric in `metric_names` does not exist, or needs a field that is missing.
    """
    arguments = {"domain": domain, "source_domain": source_domain, "classes": classes}
    registered_names = list(names("metric"))  # in the order of registration
    if unknown := [
        name for name in metric_names if name.rpartition("/")[2] not in registered_names
    ]:
        suggestion = nearest("metric", unknown[0], registered_names)
        raise ConfigError(f"no metric is called {unknown[0]!r}.{suggestion}")
    ranked: list[tuple[int, int, SelectedMetric]] = []
    for name in dict.fromkeys(metric_names) or registered_names:
        selected = SelectedMetric(name, arguments)
        try:
            metric = selected.example
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


def skip(skipped: dict[str, list[str]], name: str, error: TranslateError) -> None:
    """Add the name of a metric that cannot be computed to `skipped`, by the reason."""
    reason = MISSING if isinstance(error, MissingWeightsError) else str(error).splitlines()[0]
    names_of_reason = skipped.setdefault(reason, [])
    if name not in names_of_reason:
        names_of_reason.append(name)
