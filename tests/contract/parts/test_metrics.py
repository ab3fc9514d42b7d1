"""A metric that breaks a rule of the contract is named with its line; ours keep all of them."""

import random
from collections.abc import Callable

import numpy as np
import pytest
import torch

from translate import hookimpl
from translate.batches import UNNAMED, Domain
from translate.contract.results import run_rules
from translate.errors import ConfigError
from translate.metrics import Metric, MetricBatch, MetricValue
from translate.registry import names
from translate.testing import check_metric

Plugin = Callable[..., object]


class Sound(Metric):
    """A metric that keeps the rules."""

    needs = frozenset({"fake", "target"})
    values = {"error": MetricValue("min")}

    def __init__(self, *, domain: Domain, scale: float = 1.0) -> None:
        self.domain, self.scale = domain, scale

    def update(self, batch: MetricBatch) -> None:
        self.add("fake", error=(batch["fake"] - batch["target"]).abs().mean((1, 2, 3)))

    def compute(self) -> dict[str, float]:
        return {"error": self.scale * float(self.rows("fake", "error").mean())}


class WrongName(Sound):
    def compute(self) -> dict[str, float]:
        return {"mistake": 1.0}


class WrongDirection(Sound):
    values = {"error": MetricValue("lower")}  # type: ignore[arg-type]


class PerImageOfNothing(Sound):
    def per_image(self) -> dict[str, torch.Tensor]:
        return {"error": torch.zeros(2)}


class NeedsMore(Sound):
    needs = frozenset({"fake"})


class Greedy(Sound):
    def update(self, batch: MetricBatch) -> None:
        super().update(batch)
        if "source" in batch:
            self.values = {"error": MetricValue("min"), "more": MetricValue("min")}

    def compute(self) -> dict[str, float]:
        return dict.fromkeys(self.values, 1.0)


class Forgets(Sound):
    """A metric that overwrites its state instead of adding to it."""

    def update(self, batch: MetricBatch) -> None:
        self.total = float((batch["fake"] - batch["target"]).abs().mean())

    def compute(self) -> dict[str, float]:
        return {"error": self.total}


class FirstImage(Sound):
    def compute(self) -> dict[str, float]:
        return {"error": float(self.rows("fake", "error")[0])}


class KeepsApart(Sound):
    """Its numbers are in no state, so another process has none of them."""

    def update(self, batch: MetricBatch) -> None:
        self.errors = [*getattr(self, "errors", []), *(batch["fake"] - batch["target"]).abs()]

    def compute(self) -> dict[str, float]:
        return {"error": float(torch.stack(self.errors).mean())}


class Draws(Sound):
    def compute(self) -> dict[str, float]:
        return {"error": float(self.rows("fake", "error").mean()) + random.random() * 1e-9}


class Overwrites(Sound):
    def update(self, batch: MetricBatch) -> None:
        super().update({"fake": batch["fake"].div_(2), "target": batch["target"] / 2})


class Infinite(Sound):
    def compute(self) -> dict[str, float]:
        return {"error": float("inf")}


class Restless(Sound):
    def compute(self) -> dict[str, float]:
        self.scale *= 2
        return super().compute()


class IgnoresMasks(Sound):
    masked = True

    def update(self, batch: MetricBatch) -> None:
        super().update(batch)
        if "mask" in batch:
            self.rows("fake", "error").zero_()


class NeedsTwo(Sound):
    def compute(self) -> dict[str, float]:
        errors = self.rows("fake", "error")
        assert len(errors) > 1, "too few"
        return super().compute()


class NoWeights(Sound):
    def update(self, batch: MetricBatch) -> None:  # noqa: ARG002
        raise ConfigError("weights.pth is not there")


class Unresampled(Sound):
    resamples = 0

    def resample(self, random: np.random.Generator) -> "Unresampled":  # noqa: ARG002
        raise AssertionError("nobody asks for it")


def offer(register_plugin: Plugin, metric: type[Metric]) -> None:
    class Module:
        @hookimpl
        def register_metrics(self) -> dict[str, type[Metric]]:
            return {"tried": metric}

    register_plugin(Module())


@pytest.mark.parametrize("metric", [Sound, Unresampled])
def test_a_sound_metric_passes(register_plugin: Plugin, metric: type[Metric]) -> None:
    offer(register_plugin, metric)
    check_metric("tried", scale=2.0)


def test_an_unknown_option_is_named(register_plugin: Plugin) -> None:
    offer(register_plugin, Sound)
    with pytest.raises(ConfigError, match=r"has no option 'sacle'\. Did you mean 'scale'"):
        check_metric("tried", sacle=2.0)


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (WrongName, r"compute returned \['mistake'\], but `values` declares \['error'\]"),
        (WrongDirection, "expected MetricValue.'min'. or MetricValue.'max'."),
        (PerImageOfNothing, "one number for each image"),
        (NeedsMore, "KeyError: 'target'"),
        (Greedy, "With all fields of MetricBatch it returned other names of values"),
        (Forgets, "In two batches instead of one: error is"),
        (FirstImage, "In another order of images: error is"),
        (KeepsApart, r"After merge\(state\(\)\) of two halves"),
        (Draws, "It drew from random/python"),
        (Overwrites, "update changed fake"),
        (Infinite, "error is inf: expected a finite number, or NaN"),
        (Restless, "A second call of compute returned other values"),
        (IgnoresMasks, "With masks that cover all pixels"),
        (NeedsTwo, r"raise nothing\. too few"),
    ],
)
def test_a_broken_rule_is_named(
    register_plugin: Plugin, metric: type[Metric], message: str
) -> None:
    offer(register_plugin, metric)
    with pytest.raises(AssertionError, match=message):
        check_metric("tried")


def test_rules_are_not_tried_without_the_weights_of_the_metric(register_plugin: Plugin) -> None:
    offer(register_plugin, NoWeights)
    notes = [verdict.note for verdict in run_rules("metric", "tried", {})]
    assert notes == [
        "",
        *["not tested: weights.pth is not there"] * 5,
        "it is not masked",
        *notes[7:],
    ]
    assert not any(verdict.failure for verdict in run_rules("metric", "tried", {}))


@pytest.mark.parametrize("name", sorted(names("metric")))
def test_ours_keep_the_rules(name: str) -> None:
    trained = name in ("class-accuracy", "tstr")
    check_metric(name, **({"steps": 10} if trained else {}))


def test_a_metric_that_needs_its_domain_is_given_one() -> None:
    assert Sound(domain=UNNAMED).scale == 1.0
