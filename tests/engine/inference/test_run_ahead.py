"""A map that runs ahead keeps the order and its limit, and ends at a stop."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from translate.engine.inference.run_ahead import run_ahead, slices_of


def test_results_are_in_order_and_no_more_items_are_taken_than_allowed() -> None:
    taken_items: list[int] = []

    def items() -> Iterator[int]:
        for number in range(9):
            taken_items.append(number)
            yield number

    with ThreadPoolExecutor(3) as pool:
        results = run_ahead(pool, lambda number: number * number, items(), 2)
        assert next(results) == 0
        assert len(taken_items) <= 3
        assert list(results) == [number * number for number in range(1, 9)]


def test_a_stop_does_not_wait_for_work_in_progress() -> None:
    release = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        assert list(run_ahead(pool, lambda _: release.wait(60), range(3), 1, lambda: True)) == []
        release.set()


def test_items_are_cut_into_slices() -> None:
    assert list(slices_of("abcde", 2)) == ["ab", "cd", "e"]
