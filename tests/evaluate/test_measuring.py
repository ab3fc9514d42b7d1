"""Metric values, their bootstrap intervals, and the values of each image."""

import numpy as np
import pytest
import torch

from translate.evaluate import measuring
from translate.evaluate.images.outputs import Outputs
from translate.evaluate.measuring import measure, values_with_intervals
from translate.evaluate.selection import SelectedMetric
from translate.metrics import Metric
from translate.registry import create

CPU = torch.device("cpu")


def images(count: int = 4, side: int = 16, *, seed: int = 0) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return list(random.integers(0, 256, (count, side, side, 3)).astype(np.uint8))


def run_metric(name: str, outputs: Outputs, *, masked: bool = False) -> Metric:
    return measure(SelectedMetric(name, {}, masked), outputs, batch_size=3, device=CPU)


def test_a_value_does_not_depend_on_the_batches() -> None:
    fake, target = images(seed=1), images(seed=2)
    in_one_batch = create("metric", "mae")
    batch = [torch.from_numpy(np.stack(each)).movedim(3, 1).float() for each in (fake, target)]
    in_one_batch.update({"fake": batch[0], "target": batch[1]})
    assert run_metric("mae", Outputs("abcd", fake, target)).compute() == in_one_batch.compute()


def test_images_of_several_sizes_are_measured_in_order() -> None:
    fake = [*images(2), *images(2, 24), *images(1)]
    target = [image // 2 for image in fake]
    metric = run_metric("mae", Outputs("abcde", fake, target))
    each = [float(np.abs(a.astype(int) - b).mean()) for a, b in zip(fake, target, strict=True)]
    assert metric.per_image()["mae"].tolist() == pytest.approx(each, rel=1e-5)
    assert measuring.values_by_image(metric, "abcde")["d"]["mae"] == pytest.approx(
        each[3], rel=1e-5
    )


def test_only_pixels_inside_masks_are_measured_if_the_metric_is_selected_with_masks() -> None:
    fake, target = images(seed=1), images(seed=2)
    mask = np.zeros((16, 16, 1), bool)
    mask[:4] = True
    outputs = Outputs("abcd", fake, target, mask=[mask] * 4)
    pairs = zip(fake, target, strict=True)
    inside = float(np.mean([np.abs(a[:4].astype(int) - b[:4]).mean() for a, b in pairs]))
    assert run_metric("mae", outputs, masked=True).compute()["mae"] == pytest.approx(
        inside, rel=1e-5
    )
    assert run_metric("mae", outputs).compute()["mae"] != pytest.approx(inside, rel=1e-3)
    assert SelectedMetric("mae", {}, True).result_name("mae") == "mae in mask"


def test_the_bootstrap_interval_of_a_mean_is_that_of_its_standard_error() -> None:
    fake, target = images(40, seed=1), images(40, seed=2)
    metric = run_metric("mae", Outputs([*map(str, range(40))], fake, target))
    result = values_with_intervals(metric, 40)["mae"]
    each = metric.per_image()["mae"].numpy()
    error = each.std() / np.sqrt(40)
    assert result.low is not None and result.high is not None and result.value is not None
    assert result.low < result.value < result.high
    assert result.high - result.low == pytest.approx(2 * 1.96 * error, rel=0.25)
    assert (result.resamples, result.count) == (measuring.MEAN_RESAMPLES, 40)
    assert values_with_intervals(metric, 40)["mae"] == result, "equal seeds give equal intervals"


def test_the_interval_of_a_distance_contains_the_distance() -> None:
    outputs = Outputs("abcdefgh", images(8, seed=1), real=images(8, seed=2))
    result = values_with_intervals(run_metric("fd-lite0", outputs), 8)["fd-lite0"]
    assert result.low is not None and result.high is not None and result.value is not None
    assert result.low < result.value < result.high
    assert result.resamples == 50


def test_one_image_has_no_interval() -> None:
    outputs = Outputs("a", images(1), images(1, seed=2))
    result = values_with_intervals(run_metric("psnr", outputs), 1)["psnr"]
    assert result.value is not None
    assert (result.low, result.high, result.resamples) == (None, None, 0)
