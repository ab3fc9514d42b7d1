"""The check of a metric reports which rule the metric breaks; built-in metrics keep all rules."""

import random

import numpy as np
import pytest
import torch
from valid_recipe import register_parts

from translate.batches import Domain
from translate.contract.results import run_rules
from translate.errors import ConfigError
from translate.metrics import Metric, MetricBatch, MetricValue
from translate.registry import names
from translate.testing import check_metric


class ValidMetric(Metric):
    """A metric that keeps the rules."""

    needs = frozenset({"fake", "target"})
    values = {"error": MetricValue("min")}

    def __init__(self, *, domain: Domain, scale: float = 1.0) -> None:
        self.domain, self.scale = domain, scale

    def update(self, batch: MetricBatch) -> None:
        self.add("fake", error=(batch["fake"] - batch["target"]).abs().mean((1, 2, 3)))

    def compute(self) -> dict[str, float]:
        return {"error": self.scale * float(self.rows("fake", "error").mean())}


class ReturnsAnUndeclaredValue(ValidMetric):
    def compute(self) -> dict[str, float]:
        return {"mistake": 1.0}


class HasAnUnknownDirection(ValidMetric):
    values = {"error": MetricValue("lower")}  # type: ignore[arg-type]


class ReturnsTwoValuesPerImage(ValidMetric):
    def per_image(self) -> dict[str, torch.Tensor]:
        return {"error": torch.zeros(2)}


class ReadsAnUndeclaredField(ValidMetric):
    needs = frozenset({"fake"})


class MeasuresOtherFieldsToo(ValidMetric):
    def update(self, batch: MetricBatch) -> None:
        super().update(batch)
        if "source" in batch:
            self.values = {"error": MetricValue("min"), "more": MetricValue("min")}

    def compute(self) -> dict[str, float]:
        return dict.fromkeys(self.values, 1.0)


class KeepsTheLastBatchOnly(ValidMetric):
    def update(self, batch: MetricBatch) -> None:
        self.total = float((batch["fake"] - batch["target"]).abs().mean())

    def compute(self) -> dict[str, float]:
        return {"error": self.total}


class MeasuresTheFirstImage(ValidMetric):
    def compute(self) -> dict[str, float]:
        return {"error": float(self.rows("fake", "error")[0])}


class KeepsNumbersOutsideItsState(ValidMetric):
    def update(self, batch: MetricBatch) -> None:
        self.errors = [*getattr(self, "errors", []), *(batch["fake"] - batch["target"]).abs()]

    def compute(self) -> dict[str, float]:
        return {"error": float(torch.stack(self.errors).mean())}


class DrawsARandomNumber(ValidMetric):
    def compute(self) -> dict[str, float]:
        return {"error": float(self.rows("fake", "error").mean()) + random.random() * 1e-9}


class OverwritesImages(ValidMetric):
    def update(self, batch: MetricBatch) -> None:
        super().update({"fake": batch["fake"].div_(2), "target": batch["target"] / 2})


class IsInfinite(ValidMetric):
    def compute(self) -> dict[str, float]:
        return {"error": float("inf")}


class ChangesInEachCall(ValidMetric):
    def compute(self) -> dict[str, float]:
        self.scale *= 2
        return super().compute()


class IgnoresMasks(ValidMetric):
    masked = True

    def update(self, batch: MetricBatch) -> None:
        super().update(batch)
        if "mask" in batch:
            self.rows("fake", "error").zero_()


class NeedsTwoImages(ValidMetric):
    def compute(self) -> dict[str, float]:
        errors = self.rows("fake", "error")
        assert len(errors) > 1, "too few"
        return super().compute()


class HasNoWeights(ValidMetric):
    def update(self, batch: MetricBatch) -> None:  # noqa: ARG002
        raise ConfigError("weights.pth is not there")


class RefusesToResample(ValidMetric):
    resamples = 0

    def resample(self, random: np.random.Generator) -> "RefusesToResample":  # noqa: ARG002
        raise AssertionError("it is not needed")


@pytest.mark.parametrize("metric", [ValidMetric, RefusesToResample])
def test_a_valid_metric_keeps_the_rules(register_plugin, metric: type[Metric]) -> None:
    register_parts(register_plugin, metrics={"tested": metric})
    check_metric("tested", scale=2.0)


def test_the_message_for_an_unknown_option_has_the_nearest_name(register_plugin) -> None:
    register_parts(register_plugin, metrics={"tested": ValidMetric})
    with pytest.raises(ConfigError, match=r"has no option 'sacle'\. Did you mean 'scale'"):
        check_metric("tested", sacle=2.0)


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (ReturnsAnUndeclaredValue, r"compute returned \['mistake'\], but `values` declares"),
        (HasAnUnknownDirection, "expected MetricValue.'min'. or MetricValue.'max'."),
        (ReturnsTwoValuesPerImage, "one number for each image"),
        (ReadsAnUndeclaredField, "KeyError: 'target'"),
        (
            MeasuresOtherFieldsToo,
            "With all fields of MetricBatch it returned other names",
        ),
        (KeepsTheLastBatchOnly, "In two batches instead of one: error is"),
        (MeasuresTheFirstImage, "In another order of images: error is"),
        (KeepsNumbersOutsideItsState, r"After merge\(state\(\)\) of two parts"),
        (DrawsARandomNumber, "It drew from random/python"),
        (OverwritesImages, "update changed fake"),
        (IsInfinite, "error is inf: expected a finite number, or NaN"),
        (ChangesInEachCall, "A second call of compute returned other values"),
        (IgnoresMasks, "With masks that cover all pixels"),
        (NeedsTwoImages, r"raise nothing\. too few"),
    ],
)
def test_a_metric_that_breaks_a_rule_gets_its_message(
    register_plugin, metric: type[Metric], message: str
) -> None:
    register_parts(register_plugin, metrics={"tested": metric})
    with pytest.raises(AssertionError, match=message):
        check_metric("tested")


def test_rules_are_not_tested_without_the_weights_of_the_metric(register_plugin) -> None:
    register_parts(register_plugin, metrics={"tested": HasNoWeights})
    results = list(run_rules("metric", "tested", {}))
    not_tested = ["not tested: weights.pth is not there"] * 5
    assert [result.note for result in results[:7]] == ["", *not_tested, "it is not masked"]
    assert not any(result.failure for result in results)


@pytest.mark.parametrize("name", sorted(names("metric")))
def test_built_in_metrics_keep_the_rules(name: str) -> None:
    has_training = name in ("class-accuracy", "tstr")
    check_metric(name, **({"steps": 10} if has_training else {}))
