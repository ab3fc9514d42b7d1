"""The number of threads follows the number of free cores, with a simulated and a real clock."""

import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
import torch

from translate.engine.processes import cores, threads
from translate.engine.processes.threads import CpuTime, ThreadCount, suitable_thread_count


@pytest.fixture(autouse=True)
def restore_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Restore PyTorch's number of threads after the test, which no variable sets."""
    for name in threads.THREAD_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def simulate_load(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], CpuTime]:
    """Simulate four cores: in a minute after ``simulate_load(2.0)`` other processes use two."""
    now = CpuTime(time.monotonic(), 0.0, 0.0)

    def simulate(busy_cores: float, seconds: float = 60) -> CpuTime:
        nonlocal now
        now = CpuTime(now.clock + seconds, now.all_processes + busy_cores * seconds, 0.0)
        return now

    monkeypatch.setattr(threads, "time", SimpleNamespace(monotonic=lambda: now.clock))
    monkeypatch.setattr(threads, "_at_import", now)
    monkeypatch.setattr(threads, "available_cores", lambda: 4)
    monkeypatch.setattr(threads.os, "sched_getaffinity", lambda _: range(4))
    torch.set_num_threads(4)
    return simulate


@pytest.mark.parametrize(
    ("busy_cores", "current", "expected"),
    [
        (0.0, 4, 4),
        (0.4, 4, 4),  # a small load changes nothing
        (1.0, 4, 3),
        (2.0, 4, 2),
        (9.0, 4, 1),  # at least one
        (2.0, 2, 2),
        (1.5, 2, 2),  # close enough: unchanged
        (0.0, 2, 4),
        (1.0, 2, 3),
    ],
)
def test_there_are_about_as_many_threads_as_free_cores(
    busy_cores: float, current: int, expected: int
) -> None:
    assert suitable_thread_count(busy_cores, cores=4, current=current, max_threads=4) == expected


def test_an_equal_load_does_not_change_the_number_of_threads_twice() -> None:
    for load in (0.0, 0.3, 0.6, 1.0, 1.4, 1.9, 2.5, 4.0):
        for start in (1, 2, 3, 4):
            number = suitable_thread_count(load, cores=4, current=start, max_threads=4)
            assert suitable_thread_count(load, cores=4, current=number, max_threads=4) == number


def test_the_number_of_threads_follows_the_load(simulate_load: Callable[[float], CpuTime]) -> None:
    cpu = CpuTime(0, 0, 0)
    count = ThreadCount(measure=lambda: cpu)
    assert count.current == 4
    cpu = simulate_load(2.0)
    assert count.update() and torch.get_num_threads() == 2
    assert "2.0 of 4 cores" in count.reason()
    cpu = simulate_load(2.0)
    assert not count.update()
    cpu = simulate_load(0.0)
    assert count.update() and torch.get_num_threads() == 4


def test_the_load_is_not_measured_at_every_step(simulate_load: Callable[..., CpuTime]) -> None:
    measurements: list[CpuTime] = []

    def measure() -> CpuTime:
        measurements.append(simulate_load(4.0, seconds=0))
        return measurements[-1]

    count = ThreadCount(measure=measure)
    for _ in range(100):
        simulate_load(4.0, seconds=0.1)
        count.update()
    assert not measurements
    simulate_load(4.0, seconds=threads.UPDATE_SECONDS)
    assert count.update() and len(measurements) == 1


@pytest.mark.parametrize("name", threads.THREAD_VARIABLES)
def test_an_environment_variable_takes_precedence(
    name: str, simulate_load: Callable[[float], CpuTime], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "4")
    count = ThreadCount(measure=lambda: simulate_load(4.0))
    simulate_load(4.0)
    assert not count.update() and torch.get_num_threads() == 4


def test_a_number_set_by_the_program_takes_precedence(
    simulate_load: Callable[[float], CpuTime],
) -> None:
    count = ThreadCount(measure=lambda: simulate_load(3.0))
    torch.set_num_threads(3)
    for _ in range(3):
        simulate_load(3.0)
        assert not count.update()
    assert torch.get_num_threads() == 3


def test_a_deterministic_run_keeps_its_number(simulate_load: Callable[[float], CpuTime]) -> None:
    count = ThreadCount(adapt=False, measure=lambda: simulate_load(3.0))
    simulate_load(3.0)
    assert not count.update() and torch.get_num_threads() == 4


def test_a_cpu_quota_limits_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "_quota", lambda: 1.5)
    monkeypatch.setattr(cores.os, "sched_getaffinity", lambda _: range(64))
    torch.set_num_threads(4)
    assert ThreadCount().max_threads == 2


def test_the_number_does_not_change_if_the_load_is_unknown() -> None:
    torch.set_num_threads(2)
    count = ThreadCount(measure=lambda: None)
    count.last = CpuTime(time.monotonic() - 100, 0, 0)
    assert not count.update()


@pytest.mark.skipif(threads.cpu_time() is None, reason="the system does not report CPU times")
def test_the_cpu_time_of_all_processes_includes_that_of_this_process() -> None:
    before = threads.cpu_time()
    while time.monotonic() < before.clock + 0.3:
        sum(range(10_000))
    after = threads.cpu_time()
    used = after.this_process - before.this_process
    assert 0 < used <= after.all_processes - before.all_processes + 0.1
