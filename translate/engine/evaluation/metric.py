"""The metric of ``train.metric``, chosen by the name of its figure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from translate.batches import ImageSpec
from translate.engine.checkpoints.contents import Best
from translate.engine.config.schema import Train
from translate.engine.plugins.errors import plugin_code
from translate.errors import ConfigError, PluginError, suggest
from translate.metrics import Figure, Metric, MetricBatch
from translate.registry import PartConfig, create, names, split_part

DESCRIPTIONS = {
    "target": "the ground truth of each image",
    "source": "the images that are translated",
    "cycle": "images that are translated back",
    "mask": "masks",
    "labels": "the class of each image",
    "real_labels": "the class of each image",
}
"""descriptions of fields of a `MetricBatch`"""


@dataclass(frozen=True)
class ChosenMetric:
    """A metric, and its figure that chooses the best checkpoint."""

    part: PartConfig
    spec: ImageSpec
    figure: str
    direction: Figure

    @property
    def best_by(self) -> Best:
        """The figure, and whether smaller or larger numbers are better."""
        return self.figure, self.direction.better

    def create(self) -> Metric:
        """Return a new metric."""
        return _create(self.part, self.spec)


def choose_metric(train: Train, spec: ImageSpec, fields: frozenset[str]) -> ChosenMetric:
    """Return the metric that has the figure ``train.metric``.

    Args:
        train: The settings.
        spec: The description of the images.
        fields: The fields of `MetricBatch` that the recipe and its images have.

    Raises:
        ConfigError: No metric has the figure, or it needs other fields; the message lists the
            figures that can be computed.
    """
    if train.metric is None:
        raise ConfigError(
            f"train.evaluate_every is {train.evaluate_every}, and train.metric is not set. "
            f"Expected the figure that chooses the best checkpoint: --set train.metric=NAME."
            f"{_fitting_figures(spec, fields)}"
        )
    requested, options = split_part("metric", train.metric)
    name = requested
    if requested not in names("metric") and "/" not in requested:
        available = {figure: name for figure, (name, _) in _figures(spec)}
        name = available.get(requested, "")
        if not name:
            raise ConfigError(
                f"train.metric: no metric has a figure {requested!r}."
                f"{suggest(requested, available)}{_fitting_figures(spec, fields)}"
            )
    part: PartConfig = {"name": name, **options} if options else name
    metric = _create(part, spec)
    figure = _figure_of(metric, requested)
    if missing := metric.needs - fields:
        needed = " and ".join(
            f"{DESCRIPTIONS.get(field, field)} ({field})" for field in sorted(missing)
        )
        raise ConfigError(
            f"train.metric: {figure!r} needs {needed}, and this recipe with these images has none."
            f"{_fitting_figures(spec, fields)}"
        )
    return ChosenMetric(part, spec, figure, metric.figures[figure])


def _figure_of(metric: Metric, requested: str) -> str:
    """Return the figure `requested`, or that of a metric `requested` which has only one."""
    first, *others = metric.figures
    if requested in metric.figures:
        return requested
    if others:
        raise ConfigError(
            f"train.metric: {requested!r} has the figures {', '.join(metric.figures)}. Expected "
            f"one: --set train.metric={first}"
        )
    return first


def measure(metric: Metric, batches: Iterable[MetricBatch]) -> None:
    """Update a metric with `batches`; raises `PluginError` for its unexpected exceptions."""
    for batch in batches:
        with plugin_code(metric, "update"):
            metric.update(batch)


def _create(part: PartConfig, spec: ImageSpec) -> Metric:
    metric: Metric = create(
        "metric", part, domain=spec.target, source_domain=spec.source, classes=spec.classes
    )
    return metric


def _figures(spec: ImageSpec) -> Iterator[tuple[str, tuple[str, Metric]]]:
    """Yield each figure with its metric, except those of metrics with required options."""
    for name in names("metric"):
        try:
            metric = _create(name, spec)
        except (ConfigError, PluginError):
            continue
        for figure in metric.figures:
            yield figure, (name, metric)


def _fitting_figures(spec: ImageSpec, fields: frozenset[str]) -> str:
    """Return the figures that can be computed, for a message."""
    fitting = [figure for figure, (_, metric) in _figures(spec) if metric.needs <= fields]
    return f" These fit: {', '.join(sorted(fitting))}." if fitting else " No metric fits."
