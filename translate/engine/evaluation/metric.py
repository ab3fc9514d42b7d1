"""The metric of ``train.metric``, chosen by the name of one of its values."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from translate.batches import Domain, ImageSpec
from translate.engine.checkpoints.contents import Best
from translate.engine.config.schema import Train
from translate.engine.plugins.errors import plugin_code
from translate.errors import ConfigError, PluginError, suggest
from translate.metrics import Metric, MetricBatch, MetricValue
from translate.recipe import Recipe
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
    """A metric, and the one of its values that chooses the best checkpoint."""

    part: PartConfig
    spec: ImageSpec
    value_name: str
    direction: MetricValue

    @property
    def best_by(self) -> Best:
        """The name of the value, and whether smaller or larger values are better."""
        return self.value_name, self.direction.better

    def create(self) -> Metric:
        """Return a new metric."""
        return _create(self.part, self.spec)


def translation_fields(
    recipe: Recipe, source: Domain, target: Domain, *, truth: bool
) -> frozenset[str]:
    """Return the fields of a `MetricBatch` of translations; `truth`: images have a ground truth.

    Inputs that the recipe makes of images always have one.
    """
    degrades = recipe.overrides(Recipe.ground_truth_pair)
    translates_back = source.name != target.name and source.name in recipe.targets(target.name)
    optional = {
        "target": truth or degrades,
        "mask": degrades and recipe.takes_mask,
        "cycle": translates_back and not degrades,
    }
    return frozenset({"fake", "source", "real"} | {name for name, has in optional.items() if has})


def sample_fields(recipe: Recipe, *, labels: bool) -> frozenset[str]:
    """Return the fields of a `MetricBatch` of samples; `labels`: the real images have labels."""
    with plugin_code(recipe, "conditions"):
        further = {"labels", "real_labels"} if labels and recipe.conditions() else set()
    return frozenset({"fake", "real"} | further)


def choose_metric(train: Train, spec: ImageSpec, fields: frozenset[str]) -> ChosenMetric:
    """Return the metric with a value of the name ``train.metric``.

    Args:
        train: The settings.
        spec: The description of the images.
        fields: The fields of `MetricBatch` that the recipe and its images have.

    Raises:
        ConfigError: No metric has such a value, or it needs other fields; the message lists the
            values that can be computed.
    """
    if train.metric is None:
        raise ConfigError(
            f"train.evaluate_every is {train.evaluate_every}, and train.metric is not set. "
            f"Expected the value that chooses the best checkpoint: --set train.metric=NAME."
            f"{_fitting_values(spec, fields)}"
        )
    requested, options = split_part("metric", train.metric)
    name = requested
    if requested not in names("metric") and "/" not in requested:
        available = {value_name: name for value_name, (name, _) in _metrics_by_value(spec)}
        name = available.get(requested, "")
        if not name:
            raise ConfigError(
                f"train.metric: no metric has a value {requested!r}."
                f"{suggest(requested, available)}{_fitting_values(spec, fields)}"
            )
    part: PartConfig = {"name": name, **options} if options else name
    metric = _create(part, spec)
    value_name = _value_name(metric, requested)
    if missing := metric.needs - fields:
        needs = " and ".join(
            f"{DESCRIPTIONS.get(field, field)} ({field})" for field in sorted(missing)
        )
        raise ConfigError(
            f"train.metric: {value_name!r} needs {needs}, and this recipe with these images has "
            f"none.{_fitting_values(spec, fields)}"
        )
    return ChosenMetric(part, spec, value_name, metric.values[value_name])


def _value_name(metric: Metric, requested: str) -> str:
    """Return `requested` if it names a value, else the only value of the metric of that name."""
    if requested in metric.values:
        return requested
    first, *further = metric.values
    if further:
        raise ConfigError(
            f"train.metric: {requested!r} has the values {', '.join(metric.values)}. Expected "
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


def _metrics_by_value(spec: ImageSpec) -> Iterator[tuple[str, tuple[str, Metric]]]:
    """Yield the name of each value with its metric; skip metrics with required options."""
    for name in names("metric"):
        try:
            metric = _create(name, spec)
        except (ConfigError, PluginError):
            continue
        for value_name in metric.values:
            yield value_name, (name, metric)


def _fitting_values(spec: ImageSpec, fields: frozenset[str]) -> str:
    """Return the names of the values that can be computed, as a sentence for a message."""
    fitting = [value for value, (_, metric) in _metrics_by_value(spec) if metric.needs <= fields]
    return f" These fit: {', '.join(sorted(fitting))}." if fitting else " No metric fits."
