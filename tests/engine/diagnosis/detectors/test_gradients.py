"""Gradients that vanish or explode, losses that diverge, turns that were skipped."""

import math

import pytest
from histories import make_log

from translate.engine.diagnosis.detectors.gradients import (
    diverging_losses,
    exploding_gradients,
    skipped_turns,
    vanishing_gradients,
)


def test_a_gradient_that_falls_to_a_ten_thousandth_has_vanished() -> None:
    (detection,) = vanishing_gradients(make_log(grad_norm={"generator": [2.0, 1.0, *[1e-5] * 5]}))
    assert (detection.failure, detection.since_step) == ("vanishing gradient", 101)
    assert detection.subject == "generator"
    assert detection.evidence == "the gradient norm of generator is 1.0e-05, and was up to 2.0e+00"


@pytest.mark.parametrize("norms", [[1e-9, 1e-9], [1e-9] * 10])
def test_a_gradient_near_zero_has_vanished_from_the_start(norms: list[float]) -> None:
    (detection,) = vanishing_gradients(make_log(grad_norm={"generator": norms}))
    assert detection.since_step == 1


def test_a_small_gradient_has_vanished_at_a_smaller_decrease() -> None:
    (detection,) = vanishing_gradients(make_log(grad_norm={"generator": [0.05, 0.04, *[5e-5] * 3]}))
    assert detection.since_step == 101
    assert not list(vanishing_gradients(make_log(grad_norm={"generator": [0.005, *[5e-5] * 3]})))


@pytest.mark.parametrize(
    "norms", [[1.0, 1e-6], [1.0, 1e-6, 1e-6, 0.1, 0.1], [5.0, 0.01, 0.01, 0.01]]
)
def test_a_gradient_that_recovers_or_shrinks_has_not_vanished(norms: list[float]) -> None:
    assert not list(vanishing_gradients(make_log(grad_norm={"generator": norms})))


def test_a_gradient_that_grows_by_orders_of_magnitude_explodes() -> None:
    norms = [20.0, 30.0, 10.0, 20.0, 50.0, 4e4, 6e4]
    (detection,) = exploding_gradients(make_log(grad_norm={"critic": norms}))
    assert (detection.failure, detection.since_step, detection.value) == (
        "exploding gradient",
        251,
        6e4,
    )
    assert "is 6.0e+04, and was 2.0e+01 at the start" in detection.evidence


@pytest.mark.parametrize("norms", [[1.0] * 4 + [900.0] * 4, [1e4] * 9, [1.0] * 4 + [1e5, 1.0, 1.0]])
def test_gradients_of_usual_sizes_do_not_explode(norms: list[float]) -> None:
    assert not list(exploding_gradients(make_log(grad_norm={"critic": norms})))


def test_a_loss_far_above_that_of_the_first_step_diverges() -> None:
    losses = {"generator/gan": [3e6, 8e7], "generator/l1": [1.0, 2e5]}
    first = [{"generator/gan": 0.5}, {}]
    (detection,) = diverging_losses(make_log(losses=losses, first_losses={"": first}))
    assert (detection.failure, detection.since_step, detection.value) == ("diverging loss", 1, 8e7)
    assert "the loss generator/gan is 8.0e+07 at a learning rate of 0.0002" in detection.evidence


@pytest.mark.parametrize("values", [[0.5, 9e3], [2e5, 3e6], [0.5, math.nan], [0.5, math.inf]])
def test_losses_of_usual_sizes_do_not_diverge(values: list[float]) -> None:
    assert not list(diverging_losses(make_log(losses={"generator/gan": values})))


def test_skipped_turns_are_counted_since_the_first_with_its_images() -> None:
    files = [{}, {"73": ["a.png", "b.png", "c.png"]}, {}]
    (detection,) = skipped_turns(make_log(skipped={"": [0, 2, 3]}, skipped_files={"": files}))
    assert (detection.failure, detection.since_step, detection.value) == ("skipped turns", 51, 3)
    assert "3 turns had a loss or gradient that was not finite" in detection.evidence
    assert detection.evidence.endswith("the first skipped turn used a.png, b.png")
    assert not list(skipped_turns(make_log(skipped={"": [0, 0]})))
