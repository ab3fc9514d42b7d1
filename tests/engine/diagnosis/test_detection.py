"""The last streak of a series, and the names of failures."""

import pytest

from translate.engine.diagnosis.detection import FAILURES, start_of_last_streak


@pytest.mark.parametrize(
    ("flags", "start"),
    [([], 0), ([False], 1), ([True], 0), ([True, False, True, True], 2), ([True, False], 2)],
)
def test_the_last_streak_begins_after_the_last_false_value(flags: list[bool], start: int) -> None:
    assert start_of_last_streak(flags) == start


def test_failures_have_distinct_names() -> None:
    assert len(set(FAILURES)) == len(FAILURES) == 18
