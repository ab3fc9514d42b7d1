"""Each failure of training is logged once, with its values as evidence."""

import logging
from pathlib import Path

import numpy as np
import pytest
from histories import make_log, make_preview, photographs

from translate.engine.training.monitoring.monitor import TrainingMonitor

RUN = Path("runs/x")


def test_T10_a_saturated_discriminator_is_reported_once_with_its_losses(
    messages: list[str],
) -> None:
    monitor = TrainingMonitor({}, RUN, 10_000)
    for record in make_log(losses={"discriminator/gan": [0.5, *[2e-5] * 9]}).records:
        monitor.check_record(record)
    (line,) = messages
    assert line == (
        "step 250: discriminator saturated: the losses of discriminator have been below 0.0001 for "
        "200 steps, now 2.0e-05. What to set: translate doctor runs/x"
    )


def test_diverging_losses_are_reported_once(messages: list[str]) -> None:
    monitor = TrainingMonitor({"generator": 2e-4}, RUN, 10_000)
    monitor.check_rates()
    for record in make_log(losses={"generator/gan": [0.7, 0.9, -3e8, 4e8]}).records:
        monitor.check_record(record)
    (line,) = messages
    assert line.startswith("step 150: diverging loss: the loss generator/gan is 3.0e+08 at a ")


def test_a_learning_rate_that_is_too_high_is_reported_once_with_its_player(
    messages: list[str],
) -> None:
    monitor = TrainingMonitor({"generator": 1000.0, "critic": 1e-4}, RUN, 10_000)
    monitor.check_rates()
    for record in make_log(losses={"generator/gan": [0.7, 3e8, 4e8]}).records:
        monitor.check_record(record)
    (line,) = messages
    assert line.startswith("the learning rate of generator is 1000: training will ")


def test_memory_near_the_limit_is_reported(messages: list[str]) -> None:
    monitor = TrainingMonitor({}, RUN, 10_000, memory_limit_mb=1000)
    monitor.check_record(make_log(memory_mb={"": [980]}).last)
    (line,) = messages
    assert line.startswith("step 50: memory near the limit: the peak memory is 980 of 1,000 MiB")


def test_T10_a_generator_that_returns_one_image_is_reported_once(messages: list[str]) -> None:
    monitor = TrainingMonitor({}, RUN, 10_000)
    equal_images = np.full((4, 32, 32, 3), 90.0)
    for step, row in enumerate([equal_images, photographs(), *[equal_images] * 4]):
        monitor.check_preview(make_preview(row, 1000 + step))
    (line,) = messages
    assert line.startswith(
        "step 1004: mode collapse: the 4 images of the row 'translated' differ by 0.0 of 255 levels"
    )


def test_the_first_4_and_the_newest_200_records_are_kept(caplog: pytest.LogCaptureFixture) -> None:
    monitor = TrainingMonitor({}, RUN, 10_000)
    with caplog.at_level(logging.INFO):
        for record in make_log(losses={"generator/gan": [1.0] * 250}, every=1).records:
            monitor.check_record(record)
    assert not caplog.records
    assert len(monitor.first_records) == 4
    assert [monitor.records[0].step, monitor.records[-1].step] == [51, 250]


def test_evaluations_that_get_worse_are_reported(messages: list[str]) -> None:
    monitor = TrainingMonitor({}, RUN, 10_000, better={"psnr": "max"})
    psnr = [20.0, 24.0, 24.1, 24.0, 24.0, *[20.0 - number / 10 for number in range(10)]]
    for record in make_log(metrics={"evaluation/psnr": psnr}).records:
        monitor.check_record(record)
    (line,) = messages
    assert line.startswith("step 500: overfitting: evaluation/psnr was best around step ")
