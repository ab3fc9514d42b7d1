"""The line of progress begins with the time left, names players, and fits into a terminal."""

import math
from typing import Any

import pytest

from translate.progress import ProgressReport, duration

CYCLEGAN = {
    "generators/gan_source_to_target": 0.51234,
    "generators/gan_target_to_source": 0.4,
    "generators/cycle_source": 2.5,
    "generators/cycle_target": 2.25,
    "generators/identity_source": 1.5,
    "generators/identity_target": 1.125,
    "discriminators/source": 0.25,
    "discriminators/target": 0.125,
}


def report(losses: dict[str, float], **changes: Any) -> ProgressReport:
    defaults = {"step": 50, "steps": 200, "images_per_second": 3.14159, "data_wait": 0.126}
    return ProgressReport(**{**defaults, "seconds_left": 61.0, "losses": losses, **changes})  # type: ignore[arg-type]


def test_values_of_an_evaluation_are_before_losses() -> None:
    line = report({"generator/gan": 0.5}, evaluation={"kd-lite0": 0.03126}).line()
    assert line.index("kd-lite0 0.03126") < line.index("generator gan 0.5")


def test_losses_that_fit_are_shown_one_by_one() -> None:
    line = report({"generator/gan": 0.51234, "generator/l1": 20.0}).line()
    assert line == "61 s left  step 50/200  generator gan 0.512 l1 20  3.14 images/s"


def test_losses_that_do_not_fit_are_shown_as_the_total_of_each_player() -> None:
    line = report(CYCLEGAN).line()
    assert line == "61 s left  step 50/200  generators 8.29  discriminators 0.375  3.14 images/s"


def test_the_fraction_of_time_spent_waiting_for_data_is_shown_if_it_fits() -> None:
    line = "61 s left  step 50/200  one loss 1  3.14 images/s"
    assert report({"one/loss": 1.0}).line() == f"{line}  13% waiting for data"
    assert report({"one/loss": 1.0}, data_wait=0.004).line() == line


@pytest.mark.parametrize("width", [40, 60, 80])
@pytest.mark.parametrize(
    "losses", [{}, CYCLEGAN, {"critic/" + "w" * 90: -1e-20}, {"a/b": math.nan}]
)
@pytest.mark.parametrize("steps", [1, 3_000_000])
def test_a_line_fits_and_begins_with_the_time_left(
    width: int, losses: dict[str, float], steps: int
) -> None:
    line = report(losses, step=steps, steps=steps, seconds_left=6.9 * 86400).line(width)
    assert len(line) <= width
    assert line.startswith(f"6 d 22 h left  step {steps}/{steps}")


def test_names_of_players_stay_at_80_columns_in_a_run_of_weeks() -> None:
    line = report(CYCLEGAN, step=2_999_000, steps=3_000_000, seconds_left=6.9 * 86400).line()
    assert "generators 8.29  discriminators 0.375" in line


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (40.4, "40 s"),
        (99, "99 s"),
        (100, "2 min"),
        (720, "12 min"),
        (3600 * 3 + 300, "3 h 05 min"),
        (6000, "1 h 40 min"),
        (52 * 3600, "2 d 4 h"),
    ],
)
def test_durations_have_a_readable_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text
