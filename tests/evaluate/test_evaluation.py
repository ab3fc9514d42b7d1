"""Subjects, seeds and notes of an evaluation."""

from collections.abc import Callable

import numpy as np
import pytest

from translate import hookimpl
from translate.batches import UNNAMED
from translate.errors import ConfigError, PluginError
from translate.evaluate.evaluation import Evaluation, Subject
from translate.evaluate.images.outputs import Outputs
from translate.evaluate.result import verdict
from translate.metrics import Metric, MetricBatch, MetricValue


def images(count: int = 4, *, seed: int = 0) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return list(random.integers(0, 256, (count, 16, 16, 3)).astype(np.uint8))


def evaluate(
    *subjects: Subject, metrics: tuple[str, ...] = ("mae",), seeds: tuple[int, ...] = (0,)
):
    return Evaluation(metrics, UNNAMED, UNNAMED).run("x", subjects, seeds, {"images": 4})


def subject(**baselines: Outputs) -> Subject:
    return Subject(
        frozenset({"fake", "target"}),
        lambda seed: Outputs("abcd", images(seed=seed), images(seed=9)),
        lambda _: {name: lambda made=made: made for name, made in baselines.items()},  # type: ignore[misc]
    )


def made_of(outputs: Outputs) -> Subject:
    return Subject(outputs.fields, lambda _: outputs, lambda _: {})


def test_V5_a_baseline_is_measured_by_the_same_code() -> None:
    perfect = Outputs("abcd", images(seed=9), images(seed=9))
    found = evaluate(subject(perfect=perfect))
    assert found.baselines == {"perfect": {"mae": 0.0}}
    assert found.flags == {"mae": "no better than the perfect (0)"}
    assert found.per_image.keys() == {*"abcd"}


def test_a_value_that_a_baseline_lacks_the_images_for_is_absent() -> None:
    assert evaluate(subject(samples=Outputs("abcd", images()))).baselines == {}


def test_V11_a_metric_that_does_not_fit_is_refused_before_any_output_is_made() -> None:
    made: list[int] = []
    unmade = Subject(frozenset({"fake"}), made.append, lambda _: {})  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="metric 'mae' needs target"):
        evaluate(unmade)
    assert not made


def test_baselines_of_one_seed_are_noted_where_there_are_several() -> None:
    same = Outputs("abcd", images(seed=9), images(seed=9))
    assert evaluate(subject(same=same), seeds=(4, 2)).notes == (
        "values are means over seeds, baselines of the seed 4",
    )
    assert evaluate(subject(same=same)).notes == ()


def test_several_seeds_give_mean_and_deviation() -> None:
    each = [evaluate(subject(), seeds=(seed,)).values["mae"].value for seed in (1, 2, 3)]
    measured = evaluate(subject(), seeds=(1, 2, 3)).values["mae"]
    assert measured.value == pytest.approx(np.mean(each))
    assert measured.deviation == pytest.approx(np.std(each, ddof=1))
    assert measured.low is not None and measured.high is not None and measured.value is not None
    assert measured.low < measured.value < measured.high


def test_of_translations_and_samples_each_metric_takes_those_that_it_needs() -> None:
    translations = Outputs("abcd", images(seed=1), images(seed=2), real=images(seed=2))
    samples = Outputs(["sample 0", "sample 1"], images(2, seed=3), real=images(seed=2))
    both = [
        Subject(made.fields, lambda _, made=made: made, lambda _: {})
        for made in (translations, samples)
    ]  # type: ignore[misc]
    found = evaluate(*both, metrics=("mae", "kd-lite0"))
    assert found.values["mae"].count == 4
    assert found.values["kd-lite0"].count == 2
    assert found.protocol["metrics"]["kd-lite0"]["network"].startswith("EfficientNet-Lite0")


class Novelty(Metric):
    """A metric of generated samples."""

    of_samples = True
    values = {"novelty": MetricValue("max")}

    def update(self, batch: MetricBatch) -> None:
        self.add("fake", levels=batch["fake"].mean((1, 2, 3)))

    def compute(self) -> dict[str, float]:
        return {"novelty": float(self.rows("fake", "levels").std())}


def test_a_metric_of_samples_measures_translations_only_where_it_is_named(
    register_plugin: Callable[..., object],
) -> None:
    class Plugin:
        @hookimpl
        def register_metrics(self):
            return {"novelty": Novelty}

    register_plugin(Plugin())
    translations = made_of(Outputs("abcd", images(), source=images(seed=1)))
    samples = made_of(Outputs("abcd", images()))
    assert "novelty" not in evaluate(translations, metrics=()).values
    assert "novelty" in evaluate(translations, metrics=("novelty",)).values
    assert "novelty" in evaluate(translations, samples, metrics=()).values


def test_V4_few_images_are_noted_for_values_that_they_bias() -> None:
    outputs = Outputs("abcd", images(seed=1), real=images(seed=2))
    found = evaluate(made_of(outputs), metrics=("fd-lite0", "kd-lite0"))
    assert list(found.values) == ["kd-lite0", "fd-lite0"]
    assert found.notes == (
        "fd-lite0 is biased for fewer than 1,000 images, and these are 4: compare it only for "
        "equal numbers of images",
    )


def test_V2_an_undefined_value_is_noted() -> None:
    outputs = Outputs("a", images(1), real=images(1))
    found = evaluate(made_of(outputs), metrics=("kd-lite0",))
    assert found.values["kd-lite0"].value is None
    assert found.notes == ("kd-lite0 is undefined for these images: see translate show kd-lite0",)
    assert verdict(found, "kd-lite0") == "undefined"


class NeedsWeights(Metric):
    values = {"weighty": MetricValue("min")}

    def update(self, batch: MetricBatch) -> None:  # noqa: ARG002
        raise ConfigError("weights.pth is not there: translate weights add FILE")

    def compute(self) -> dict[str, float]:
        return {"weighty": 0.0}


def test_V1_a_metric_without_weights_is_noted_unless_it_is_named(
    register_plugin: Callable[..., object],
) -> None:
    class Plugin:
        @hookimpl
        def register_metrics(self):
            return {"weighty": NeedsWeights}

    register_plugin(Plugin())
    found = evaluate(subject(), metrics=())
    assert "skipped weighty: weights.pth is not there: translate weights add FILE" in found.notes
    with pytest.raises(ConfigError, match="translate weights add"):
        evaluate(subject(), metrics=("weighty",))


class Broken(NeedsWeights):
    def update(self, batch: MetricBatch) -> None:  # noqa: ARG002
        raise LookupError("no idea")


def test_a_metric_that_raises_is_a_plugins_error(register_plugin: Callable[..., object]) -> None:
    class Plugin:
        @hookimpl
        def register_metrics(self):
            return {"weighty": Broken}

    register_plugin(Plugin())
    with pytest.raises(PluginError, match="update raised LookupError"):
        evaluate(subject(), metrics=("weighty",))
    assert any("skipped weighty" in note for note in evaluate(subject(), metrics=()).notes)
