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
        lambda _: {name: lambda outputs=outputs: outputs for name, outputs in baselines.items()},  # type: ignore[misc]
    )


def subject_of(outputs: Outputs) -> Subject:
    return Subject(outputs.fields, lambda _: outputs, lambda _: {})


@pytest.fixture
def register_metric(register_plugin: Callable[..., object]) -> Callable[[str, type[Metric]], None]:
    """Return a function that registers a metric by a plugin."""

    def register(name: str, metric: type[Metric]) -> None:
        class Plugin:
            @hookimpl
            def register_metrics(self):
                return {name: metric}

        register_plugin(Plugin())

    return register


def test_V5_a_baseline_is_measured_by_the_same_code() -> None:
    perfect = Outputs("abcd", images(seed=9), images(seed=9))
    result = evaluate(subject(perfect=perfect))
    assert result.baselines == {"perfect": {"mae": 0.0}}
    assert result.flags == {"mae": "no better than the perfect (0)"}
    assert result.per_image.keys() == {*"abcd"}


def test_a_baseline_without_ground_truth_has_no_value_that_needs_it() -> None:
    assert evaluate(subject(samples=Outputs("abcd", images()))).baselines == {}


def test_V11_a_metric_that_does_not_fit_is_refused_before_any_output_is_made() -> None:
    seeds: list[int] = []
    without_outputs = Subject(frozenset({"fake"}), seeds.append, lambda _: {})  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="metric 'mae' needs target"):
        evaluate(without_outputs)
    assert not seeds


def test_a_note_on_baselines_of_the_first_of_several_seeds() -> None:
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


def test_a_metric_measures_samples_unless_it_needs_the_ground_truth_of_translations() -> None:
    translations = Outputs("abcd", images(seed=1), images(seed=2), real=images(seed=2))
    samples = Outputs(["sample 0", "sample 1"], images(2, seed=3), real=images(seed=2))
    subjects = (subject_of(translations), subject_of(samples))
    result = evaluate(*subjects, metrics=("mae", "kd-lite0"))
    assert result.values["mae"].count == 4
    assert result.values["kd-lite0"].count == 2
    assert result.protocol["metrics"]["kd-lite0"]["network"].startswith("EfficientNet-Lite0")


class Novelty(Metric):
    """A metric of generated samples."""

    of_samples = True
    values = {"novelty": MetricValue("max")}

    def update(self, batch: MetricBatch) -> None:
        self.add("fake", levels=batch["fake"].mean((1, 2, 3)))

    def compute(self) -> dict[str, float]:
        return {"novelty": float(self.rows("fake", "levels").std())}


def test_a_metric_of_samples_measures_translations_only_where_it_is_named(
    register_metric: Callable[..., None],
) -> None:
    register_metric("novelty", Novelty)
    translations = subject_of(Outputs("abcd", images(), source=images(seed=1)))
    samples = subject_of(Outputs("abcd", images()))
    assert "novelty" not in evaluate(translations, metrics=()).values
    assert "novelty" in evaluate(translations, metrics=("novelty",)).values
    assert "novelty" in evaluate(translations, samples, metrics=()).values


def test_V4_few_images_are_noted_for_values_that_they_bias() -> None:
    outputs = Outputs("abcd", images(seed=1), real=images(seed=2))
    result = evaluate(subject_of(outputs), metrics=("fd-lite0", "kd-lite0"))
    assert list(result.values) == ["kd-lite0", "fd-lite0"]
    assert result.notes == (
        "fd-lite0 is biased for fewer than 1,000 images, and these are 4: compare it only for "
        "equal numbers of images",
    )


def test_V2_an_undefined_value_is_noted() -> None:
    outputs = Outputs("a", images(1), real=images(1))
    result = evaluate(subject_of(outputs), metrics=("kd-lite0",))
    assert result.values["kd-lite0"].value is None
    assert result.notes == ("kd-lite0 is undefined for these images: see translate show kd-lite0",)
    assert verdict(result, "kd-lite0") == "undefined"


class NeedsWeights(Metric):
    values = {"needs-weights": MetricValue("min")}

    def update(self, batch: MetricBatch) -> None:  # noqa: ARG002
        raise ConfigError("weights.pth is not there: translate weights add FILE")

    def compute(self) -> dict[str, float]:
        return {"needs-weights": 0.0}


def test_V1_a_metric_without_weights_is_noted_unless_it_is_named(
    register_metric: Callable[..., None],
) -> None:
    register_metric("needs-weights", NeedsWeights)
    result = evaluate(subject(), metrics=())
    skipped = "skipped needs-weights: weights.pth is not there: translate weights add FILE"
    assert skipped in result.notes
    with pytest.raises(ConfigError, match="translate weights add"):
        evaluate(subject(), metrics=("needs-weights",))


class Broken(NeedsWeights):
    def update(self, batch: MetricBatch) -> None:  # noqa: ARG002
        raise LookupError("no idea")


def test_an_exception_of_a_metric_is_a_plugin_error(register_metric: Callable[..., None]) -> None:
    register_metric("needs-weights", Broken)
    with pytest.raises(PluginError, match="update raised LookupError"):
        evaluate(subject(), metrics=("needs-weights",))
    assert any("skipped needs-weights" in note for note in evaluate(subject(), metrics=()).notes)
