"""The base class of metrics: rows, merging over processes, resampling."""

import numpy as np
import pytest
import torch

from translate.errors import ConfigError
from translate.metrics import Metric, MetricBatch, MetricValue
from translate.registry import create


class Difference(Metric):
    """The mean of all fake images minus that of all real ones."""

    needs = frozenset({"fake", "real"})
    values = {"difference": MetricValue("min")}

    def update(self, batch: MetricBatch) -> None:
        for name in ("fake", "real"):
            if name in batch:
                self.add(name, means=batch[name].mean((1, 2, 3)))  # type: ignore[literal-required]

    def compute(self) -> dict[str, float]:
        fake, real = self.rows("fake", "means"), self.rows("real", "means")
        return {"difference": float(fake.mean() - real.mean())}


def images(*levels: float) -> torch.Tensor:
    return torch.tensor(levels, dtype=torch.float32).view(-1, 1, 1, 1).expand(-1, 3, 4, 4)


def test_merged_states_of_two_processes_equal_the_state_of_one() -> None:
    single, first, second = Difference(), Difference(), Difference()
    single.update({"fake": images(1, 2, 6), "real": images(4, 8)})
    first.update({"fake": images(1), "real": images(4)})
    second.update({"fake": images(2, 6)})
    second.update({"real": images(8)})
    first.merge(second.state())
    assert first.compute() == single.compute() == {"difference": -3.0}
    assert torch.equal(first.state()["fake/means"], torch.tensor([1.0, 2.0, 6.0]))


def test_resampled_rows_of_an_image_stay_together_and_the_metric_is_unchanged() -> None:
    metric = Difference()
    metric.add("fake", means=torch.arange(50.0), squares=torch.arange(50.0) ** 2)
    resampled = metric.resample(np.random.default_rng(0))
    means, squares = resampled.rows("fake", "means"), resampled.rows("fake", "squares")
    assert torch.equal(squares, means**2)
    assert 20 < len(set(means.tolist())) < 40, "about 63 % of the images are sampled"
    assert torch.equal(metric.rows("fake", "means"), torch.arange(50.0))


def test_the_mean_absolute_error_counts_pixels_inside_the_mask() -> None:
    target = torch.zeros(2, 3, 2, 2)
    fake = target.clone()
    fake[0, :, 0, 0] = 8.0
    mask = torch.zeros(2, 1, 2, 2, dtype=torch.bool)
    mask[:, :, 0] = True
    for fields, expected in (({}, 1.0), ({"mask": mask}, 2.0)):
        metric = create("metric", "mae")
        metric.update({"fake": fake, "target": target, **fields})
        assert metric.compute() == {"mae": expected}


def test_rows_of_images_of_several_sizes_are_refused_with_what_to_do() -> None:
    metric = Difference()
    metric.add("fake", pixels=torch.zeros(1, 4))
    metric.add("fake", pixels=torch.zeros(1, 9))
    with pytest.raises(ConfigError, match="the fake images have several sizes, and Difference"):
        metric.rows("fake", "pixels")


def test_rows_that_are_not_one_for_each_image_are_refused_with_their_shapes() -> None:
    for rows in ({"mean": torch.tensor(1.0)}, {"mean": torch.zeros(2), "square": torch.zeros(3)}):
        with pytest.raises(ValueError, match=r"a row for each image \(N, ...\): mean \("):
            Difference().add("fake", **rows)
