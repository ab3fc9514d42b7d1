"""Learning rates near 0, waiting for data, and memory near its limit."""

import numpy as np
import pytest
from histories import make_log

from translate.engine.diagnosis.detectors.resources import (
    memory_near_limit,
    rate_near_zero,
    waiting_for_images,
)


def test_a_learning_rate_that_is_0_long_before_the_end_is_found() -> None:
    rates = [2e-4] * 10 + [0.0] * 10
    (detection,) = rate_near_zero(make_log(lr={"generator": rates}, end=2000))
    assert (detection.failure, detection.since_step) == ("learning rate near 0", 501)
    assert detection.evidence == "the learning rate of generator is 0.0e+00, and was up to 2.0e-04"
    (detection,) = rate_near_zero(make_log(lr={"generator": [0.0] * 9}))
    assert detection.since_step == 1


def test_a_schedule_that_ends_at_0_is_healthy() -> None:
    cosine = 2e-4 * (1 + np.cos(np.arange(1, 41) / 40 * np.pi)) / 2
    for rates in (np.linspace(2e-4, 1e-9, 40), cosine):
        assert not list(rate_near_zero(make_log(lr={"generator": list(rates)})))


def test_a_run_that_waits_for_images_most_of_the_time_is_found() -> None:
    (detection,) = waiting_for_images(make_log(data_wait={"": [0.1] * 4 + [0.8] * 8}))
    assert detection.failure == "waiting for data"
    assert detection.evidence == "80% of the time is spent waiting for images, at 10 images/s"
    assert 50 < detection.since_step <= 251


@pytest.mark.parametrize("waits", [[0.9], [0.9] * 8 + [0.1] * 4, [0.4] * 9])
def test_waiting_that_is_short_is_healthy(waits: list[float]) -> None:
    assert not list(waiting_for_images(make_log(data_wait={"": waits})))


def test_memory_near_the_limit_is_found_with_both_numbers() -> None:
    log = make_log(memory_mb={"": [500, 950, 960]})
    (detection,) = memory_near_limit(log, 1000)
    assert (detection.failure, detection.since_step) == ("memory near the limit", 51)
    assert detection.evidence == "the peak memory is 960 of 1,000 MiB, 96%"
    assert not list(memory_near_limit(log, 2000))
    assert not list(memory_near_limit(log, 0))
