"""Long training is reported after the first steps, with the configurations for a CPU."""

from pathlib import Path
from typing import Any

import pytest
import small_runs
import torch
from specs import image_spec

from translate.engine.optimization.build import build_training
from translate.engine.training.monitoring.estimate import report_long_training


@pytest.fixture
def training() -> Any:
    config = small_runs.config(Path("nowhere"), train__log_every=50)
    return build_training(config, image_spec((16, 16), ("a", "b")), torch.device("cpu"))


def test_short_training_is_not_reported(training: Any, messages: list[str]) -> None:
    report_long_training(0.5, training, 100)
    assert not messages


def test_slow_steps_are_reported_with_the_time_left(training: Any, messages: list[str]) -> None:
    report_long_training(2.0, training, 1800)
    assert messages == ["2.0 s per step, 60 min left"]


def test_days_on_a_cpu_name_the_small_configuration(training: Any, messages: list[str]) -> None:
    report_long_training(2.0, training, 100_000)
    assert messages == [
        "2.0 s per step, 2 d 8 h left",
        "For faster training on a CPU: --config cyclegan-small",
    ]
