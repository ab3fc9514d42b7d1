"""Series of numbers from the records of a log."""

import math

from histories import make_log

from translate.engine.diagnosis.log import player_losses


def test_values_of_a_series_are_nan_where_a_record_has_none() -> None:
    log = make_log(metrics={"critic/auc": [0.5, 0.75]})
    log.records[0].metrics.clear()  # type: ignore[attr-defined]
    values = log.values("metrics", "critic/auc")
    assert math.isnan(values[0])
    assert values[1] == 0.75
    assert log.names("metrics") == ["critic/auc"]


def test_the_interval_of_a_record_begins_after_the_record_before() -> None:
    log = make_log(losses={"generator/gan": [1.0] * 6})
    assert [log.first_step(index) for index in (0, 1, 5)] == [1, 51, 251]


def test_a_window_covers_its_steps_and_at_least_four_records() -> None:
    log = make_log(losses={"generator/gan": [1.0] * 10})
    assert [log.window(steps) for steps in (50, 200, 300)] == [4, 4, 6]


def test_losses_of_a_player_are_those_with_its_name() -> None:
    log = make_log(losses={"generators/gan": [1.0], "generator/l1": [2.0]})
    assert player_losses(log.last, "generator") == {"generator/gan": 1.0, "generator/l1": 2.0}
