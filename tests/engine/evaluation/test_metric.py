"""`train.metric` names a metric or one of its values, which the images must have the fields for."""

from typing import Any

import pytest

from translate import hookimpl
from translate.batches import Domain, ImageSpec
from translate.engine.config.schema import Train
from translate.engine.evaluation.metric import choose_metric, measure
from translate.errors import ConfigError, PluginError
from translate.metrics import Metric, MetricBatch, MetricValue

SPEC = ImageSpec(domains=(Domain("a"), Domain("b", unit="HU")))
PAIRED = frozenset({"fake", "real", "source", "target"})
UNPAIRED = PAIRED - {"target"}


class TwoValues(Metric):
    """Two values of one measurement."""

    values = {"mean": MetricValue("min"), "largest": MetricValue("max")}

    def __init__(self, *, power: int = 1) -> None:
        self.power = power

    def update(self, batch: MetricBatch) -> None:
        self.add("fake", values=batch["fake"])

    def compute(self) -> dict[str, float]:
        return {"mean": 0.0, "largest": 1.0}


@pytest.fixture(autouse=True)
def extremes_plugin(register_plugin: Any) -> None:
    class Plugin:
        @hookimpl
        def register_metrics(self) -> dict[str, type[Metric]]:
            return {"extremes": TwoValues}

    register_plugin(Plugin(), "other:extremes")


def test_a_metric_is_chosen_by_its_name_or_that_of_a_value() -> None:
    chosen = choose_metric(Train(evaluate_every=1, metric="mae"), SPEC, PAIRED)
    assert (chosen.best_by, chosen.direction.unit) == (("mae", "min"), "HU")
    chosen = choose_metric(Train(evaluate_every=1, metric="largest"), SPEC, PAIRED)
    assert (chosen.part, chosen.best_by) == ("extremes", ("largest", "max"))
    part = {"name": "mean", "power": 2}
    chosen = choose_metric(Train(evaluate_every=1, metric=part), SPEC, PAIRED)
    metric = chosen.create()
    assert isinstance(metric, TwoValues) and metric.power == 2
    assert chosen.create() is not metric


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (None, r"train.evaluate_every is 5, and train.metric is not set. .* These fit: .*largest"),
        ("mean-error", r"no metric has a value 'mean-error'.* These fit: .*largest"),
        ("extremes", r"'extremes' has the values mean, largest. Expected one: --set tr"),
        ("mae", r"'mae' needs the ground truth of each image \(target\), and this recipe .* fit: "),
        ({"name": "mean", "size": 2}, r"metric 'extremes' has no option 'size'"),
    ],
)
def test_a_metric_that_cannot_be_computed_is_refused_with_those_that_fit(
    metric: Any, message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as raised:
        choose_metric(Train(evaluate_every=5, metric=metric), SPEC, UNPAIRED)
    assert "mae" not in str(raised.value).partition("These fit")[2]


def test_an_exception_of_a_metric_names_its_class() -> None:
    with pytest.raises(PluginError, match=r"TwoValues.update raised KeyError"):
        measure(TwoValues(), [{}])
