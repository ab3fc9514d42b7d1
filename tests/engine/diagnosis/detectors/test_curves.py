"""Losses that oscillate, and evaluations that get worse."""

import math
import re
from itertools import accumulate

import numpy as np
import pytest
from histories import make_log

from translate.engine.diagnosis.detectors.curves import (
    oscillating_losses,
    overfitting,
    strongest_period,
)


def test_the_period_of_a_wave_on_a_linear_trend_is_measured() -> None:
    index = np.arange(80)
    period, power_fraction, amplitude = strongest_period(
        0.1 * index + 3 * np.sin(2 * np.pi * index / 8)
    )
    assert period == pytest.approx(8, rel=0.01)
    assert power_fraction > 0.9
    assert amplitude == pytest.approx(3, rel=0.1)


def test_an_oscillating_loss_is_detected_with_its_period_in_steps() -> None:
    wave = [1 + 0.8 * math.sin(2 * math.pi * n / 6) for n in range(60)]
    (detection,) = oscillating_losses(make_log(losses={"generator/gan": wave}))
    assert (detection.failure, detection.subject) == ("oscillating loss", "generator")
    period = float(re.search(r"period of (\d+) steps", detection.evidence)[1])  # type: ignore[index]
    assert period == pytest.approx(300, rel=0.05)


def test_noise_a_trend_and_small_waves_are_not_reported_as_oscillation() -> None:
    random, index = np.random.default_rng(0), np.arange(60)
    for values in (
        random.normal(1, 0.3, 60),
        2 - index / 40,
        1 / (1 + index),
        1 + 0.05 * np.sin(index),
        np.cumsum(random.normal(0, 1, 60)),
        np.full(60, 0.5),
        [math.nan] * 60,
    ):
        assert not list(oscillating_losses(make_log(losses={"generator/gan": list(values)})))
    too_short = make_log(losses={"generator/gan": [0.0, 2.0] * 10})
    assert not list(oscillating_losses(too_short))


def test_false_detections_of_oscillation_in_noise_are_rare() -> None:
    random = np.random.default_rng(0)
    detections = 0
    for _ in range(300):
        white_noise = random.normal(1, 0.5, 48)
        slow_noise = 1 + np.array(
            list(accumulate(random.normal(0, 1, 48), lambda x, e: 0.8 * x + e))
        )
        for values in (white_noise, slow_noise):
            log = make_log(losses={"generator/gan": list(values)})
            detections += len(list(oscillating_losses(log)))
    assert detections <= 1


def test_overfitting_begins_at_the_best_evaluation() -> None:
    psnr = [20.0, 22.0, 23.0, 24.0, 23.8, 23.6, 23.0, 22.5, 22.0, 21.5, 21.0, 20.5, 20.0]
    log = make_log(metrics={"evaluation/psnr": psnr})
    (detection,) = overfitting(log, {"psnr": "max"})
    assert (detection.failure, detection.since_step, detection.value) == ("overfitting", 200, 21.0)
    assert detection.evidence == (
        "evaluation/psnr was best around step 200, 23.6, and is 21 now, the median of 5 "
        "evaluations; higher is better"
    )
    short = make_log(metrics={"evaluation/psnr": psnr[4:]})
    assert not list(overfitting(short, {"psnr": "max"}))


def test_false_detections_of_overfitting_in_noise_are_rare() -> None:
    random, detections = np.random.default_rng(0), 0
    for _ in range(300):
        falling = 1 / (1 + np.arange(40) / 5) + 1
        values = falling * random.lognormal(0, 0.2, 40)
        log = make_log(metrics={"evaluation/kd": list(values)})
        detections += len(list(overfitting(log, {"kd": "min"})))
    assert detections <= 3
