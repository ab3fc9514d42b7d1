"""Signs of failed training are logged once, with their figures."""

import math

import pytest
import torch

from translate.engine.training.monitor import TrainingMonitor


def check_series(series: list[float], player: str = "discriminator") -> None:
    monitor = TrainingMonitor({})
    for number, value in enumerate(series, start=1):
        losses = {f"{player}/real": value, f"{player}/fake": value / 2, "generator/gan": 3.0}
        monitor.check_losses(50 * number, 50, losses)


def test_T10_a_saturated_discriminator_is_reported_once_with_its_losses(
    messages: list[str],
) -> None:
    check_series([0.5, *[2e-5] * 9])
    (line,) = messages
    assert line == (
        "step 250: discriminator saturated: its losses have been below 0.0001 for 200 steps, now "
        "2.0e-05. Lower its learning rate, add instance noise, or restart."
    )


@pytest.mark.parametrize(
    "series", [[0.0] * 3, [0.0, 0.0, 0.0, 0.3] * 4, [math.nan] * 9, [2e-4] * 9, []]
)
def test_losses_that_recover_are_not_reported(series: list[float], messages: list[str]) -> None:
    check_series(series)
    assert not messages


def test_a_critic_may_have_any_loss(messages: list[str]) -> None:
    check_series([0.0] * 9, player="critic")
    assert not messages


def check_divergence(first: float, *later: float, rate: float = 2e-4) -> None:
    monitor = TrainingMonitor({"generator": rate, "critic": 1e-4})
    monitor.check_rates()
    monitor.first_losses = {"generator/gan": first, "critic/gan": 1.0}
    for number, value in enumerate(later, start=1):
        monitor.check_losses(50 * number, 50, {"generator/gan": value, "critic/gan": -2.0})


def test_diverging_finite_losses_are_reported_once_with_the_player_and_its_rate(
    messages: list[str],
) -> None:
    check_divergence(0.7, 0.9, -3e8, 4e8, rate=0.5)
    (line,) = messages
    assert line.startswith("step 100: a loss of generator is 3.0e+08 (learning rate 0.5), more ")


def test_a_learning_rate_that_is_too_high_is_reported_once_with_its_player(
    messages: list[str],
) -> None:
    check_divergence(3e8, 3e8, 4e8, rate=1000.0)
    (line,) = messages
    assert line.startswith("the learning rate of generator is 1000: usual are ")


@pytest.mark.parametrize("later", [[9e3], [math.nan], [math.inf], []])
def test_losses_of_usual_sizes_are_not_reported(later: list[float], messages: list[str]) -> None:
    check_divergence(0.5, *later)
    check_divergence(2e5, 3e6)  # as large as the first one
    assert not messages


def test_T10_a_collapsed_generator_is_reported_once(messages: list[str]) -> None:
    monitor, generator = TrainingMonitor({}), torch.Generator().manual_seed(0)
    sources = torch.rand(4, 3, 8, 8, generator=generator) * 2 - 1
    nearly = torch.full((4, 3, 8, 8), 0.25) + torch.arange(4).reshape(4, 1, 1, 1) / 3 / 255
    for step, images in ((1, nearly), (2, sources), (3, nearly), (4, nearly), (5, nearly)):
        monitor.check_images(step, {"source": sources, "translated": images})
    (line,) = messages
    assert line.startswith(
        "step 4: all images of the row 'translated' of the preview are the same, to 0.50 of 255"
    )
    messages.clear()
    monitor = TrainingMonitor({})
    for step in (1, 2, 3):  # a single image; images of low contrast
        monitor.check_images(step, {"source": sources[:1], "translated": sources / 64})
    assert not messages
