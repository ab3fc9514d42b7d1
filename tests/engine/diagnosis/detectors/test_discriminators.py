"""Saturated discriminators, and discriminators at chance, are detected."""

import math

import pytest
from histories import make_log

from translate.engine.diagnosis.detectors.discriminators import at_chance, saturated_discriminators


def test_a_saturated_discriminator_is_found_with_its_first_step_and_its_loss() -> None:
    log = make_log(losses={"discriminator/gan": [0.5, *[2e-5] * 9]})
    (detection,) = saturated_discriminators(log)
    assert (detection.failure, detection.since_step, detection.value) == (
        "discriminator saturated",
        51,
        2e-5,
    )
    assert detection.subject == "discriminator"
    assert detection.evidence == (
        "the losses of discriminator have been below 0.0001 for 450 steps, now 2.0e-05"
    )


@pytest.mark.parametrize(
    "series", [[0.0] * 3, [0.0, 0.0, 0.0, 0.3] * 4, [math.nan] * 9, [2e-4] * 9]
)
def test_losses_that_recover_are_not_saturated(series: list[float]) -> None:
    assert not list(saturated_discriminators(make_log(losses={"discriminator/gan": series})))


def test_a_critic_may_have_any_loss() -> None:
    log = make_log(losses={"critic/gan": [0.0] * 9})
    assert not list(saturated_discriminators(log))


def test_a_discriminator_at_chance_is_found_with_its_auc() -> None:
    series = [0.9] * 10 + [0.52, 0.49] * 15
    (detection,) = at_chance(make_log(metrics={"discriminator/auc": series}))
    assert (detection.failure, detection.subject) == ("discriminator at chance", "discriminator")
    assert 400 <= detection.since_step <= 600
    assert detection.value == pytest.approx(0.505)
    assert "discriminator/auc is 0.505 over the last 600 steps" in detection.evidence


@pytest.mark.parametrize("series", [[0.5] * 20, [0.5] * 20 + [0.8] * 20, [0.6] * 40, [1.0] * 40])
def test_a_discriminator_that_learns_is_not_at_chance(series: list[float]) -> None:
    assert not list(at_chance(make_log(metrics={"discriminator/auc": series})))
