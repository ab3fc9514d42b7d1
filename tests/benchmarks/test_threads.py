"""The benchmark of thread settings: its processes, and its evaluation of a log."""

from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.fixture
def threads(import_benchmark: Callable[[str], ModuleType]) -> ModuleType:
    return import_benchmark("threads")


def test_the_rate_skips_the_warm_up_and_weighs_intervals_by_time(threads: ModuleType) -> None:
    lines = [
        {"step": 10, "images_per_second": 100.0},
        {"step": 20, "images_per_second": 1.0},
        {"step": 25, "images_per_second": 5.0},
    ]
    assert threads.rate(lines) == pytest.approx(15 / 11)
    assert threads.rate(lines[:1]) == pytest.approx(100)


def test_a_run_has_exactly_the_thread_variables_of_its_setting(
    threads: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in threads.VARIABLES:
        monkeypatch.setenv(name, "7")
    assert not set(threads.VARIABLES) & set(threads.environment({}))
    variables = threads.environment({"GOMP_SPINCOUNT": "100"})
    assert variables["GOMP_SPINCOUNT"] == "100" and "OMP_NUM_THREADS" not in variables


def test_busy_processes_end_with_the_block(threads: ModuleType) -> None:
    with pytest.raises(KeyboardInterrupt), threads.busy_processes(2) as processes:
        assert [process.poll() for process in processes] == [None, None]
        raise KeyboardInterrupt
    assert all(process.poll() is not None for process in processes)


def test_each_round_starts_with_a_different_setting(threads: ModuleType) -> None:
    assert [threads.tables.rotate("abc", n)[0] for n in range(4)] == ["a", "b", "c", "a"]
    assert sorted(threads.tables.rotate("abc", 2)) == ["a", "b", "c"]


def test_settings_are_added_restricted_and_refused_by_name(threads: ModuleType) -> None:
    text = "short spin: OMP_NUM_THREADS=2 GOMP_SPINCOUNT=50"
    assert threads.selected_settings([text], ["short spin", "program"]) == {
        "short spin": {"OMP_NUM_THREADS": "2", "GOMP_SPINCOUNT": "50"},
        "program": {},
    }
    with pytest.raises(SystemExit, match="expected 'NAME: VAR=VALUE"):
        threads.selected_settings(["two"], None)
    with pytest.raises(SystemExit, match="expected some of program"):
        threads.selected_settings([], ["tow"])


def test_a_cell_has_the_median_its_quartiles_and_the_fraction_of_the_best(
    threads: ModuleType,
) -> None:
    results = [
        threads.Measurement(name, 0, rate, [rate], 1, 1.0)
        for name, rates in {"one": (1, 2, 3), "two": (4, 4, 4)}.items()
        for rate in rates
    ]
    rows = threads.table_rows(results, ["one", "two"], [0])
    assert rows[0] == {"setting": "one", "idle": "2.00 (1.50 to 2.50), 50%"}
    assert rows[1]["idle"].endswith("100%")
