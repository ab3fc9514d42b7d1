"""Batches that are read ahead by a thread; those of processes are tried in test_data.py."""

import threading
from collections.abc import Iterator

import pytest

from translate.engine.workers import by_thread
from translate.errors import TrainingError


def test_the_next_batch_is_read_while_the_one_before_is_used() -> None:
    asked = [threading.Event() for _ in range(3)]

    def batches() -> Iterator[int]:
        for number, event in enumerate(asked):
            event.set()
            yield number

    reading = by_thread(batches())
    assert next(reading) == 0
    assert asked[1].wait(timeout=5)
    assert not asked[2].wait(timeout=0.05)  # one ahead, and no more
    assert list(reading) == [1, 2]


def test_a_batch_that_cannot_be_read_is_an_error_at_its_own_turn() -> None:
    def batches() -> Iterator[int]:
        yield 0
        raise OSError("gone")

    reading = by_thread(batches())
    assert next(reading) == 0
    with pytest.raises(TrainingError, match="gone"):
        next(reading)


def test_no_thread_is_left_when_reading_ends_early() -> None:
    before = threading.active_count()
    reading = by_thread(iter(range(9)))
    assert next(reading) == 0
    reading.close()
    assert threading.active_count() == before
