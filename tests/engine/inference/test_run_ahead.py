"""Work runs ahead in order, within its limit, and ends when it is to stop."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from translate.engine.inference.run_ahead import cut, run_ahead


def test_results_come_in_order_and_no_more_are_begun_than_allowed() -> None:
    begun: list[int] = []

    def items() -> Iterator[int]:
        for number in range(9):
            begun.append(number)
            yield number

    with ThreadPoolExecutor(3) as pool:
        results = run_ahead(pool, lambda number: number * number, items(), 2)
        assert next(results) == 0
        assert len(begun) <= 3
        assert list(results) == [number * number for number in range(1, 9)]


def test_what_is_under_way_is_not_waited_for_after_a_stop() -> None:
    release = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        assert list(run_ahead(pool, lambda _: release.wait(60), range(3), 1, lambda: True)) == []
        release.set()


def test_items_are_cut_into_slices() -> None:
    assert list(cut("abcde", 2)) == ["ab", "cd", "e"]
