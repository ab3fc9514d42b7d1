"""The number of threads follows the idle cores, with a simulated clock and a real one."""

import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
import torch

from translate.engine.processes import cores, threads
from translate.engine.processes.threads import CpuTime, ThreadCount, threads_for


@pytest.fixture(autouse=True)
def threads_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in threads.THREAD_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def simulate_load(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], CpuTime]:
    """Simulate four cores; ``simulate_load(2.0)`` is a minute in which others use two."""
    now = {"clock": time.monotonic(), "others": 0.0}

    def let_pass(others: float, seconds: float = 60) -> CpuTime:
        now["clock"] += seconds
        now["others"] += others * seconds
        return CpuTime(now["clock"], now["others"], 0.0)

    monkeypatch.setattr(threads, "time", SimpleNamespace(monotonic=lambda: now["clock"]))
    monkeypatch.setattr(threads, "_start", CpuTime(now["clock"], 0.0, 0.0))
    monkeypatch.setattr(threads, "available_cores", lambda: 4)
    monkeypatch.setattr(threads.os, "sched_getaffinity", lambda _: range(4))
    torch.set_num_threads(4)
    return let_pass


@pytest.mark.parametrize(
    ("others", "current", "expected"),
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
def test_the_number_of_threads_is_that_of_idle_cores(
    others: float, current: int, expected: int
) -> None:
    assert threads_for(others, cores=4, current=current, max_threads=4) == expected


def test_the_number_of_threads_settles() -> None:
    for others in (0.0, 0.3, 0.6, 1.0, 1.4, 1.9, 2.5, 4.0):
        for start in (1, 2, 3, 4):
            once = threads_for(others, cores=4, current=start, max_threads=4)
            assert threads_for(others, cores=4, current=once, max_threads=4) == once


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
    looks: list[CpuTime] = []

    def measure() -> CpuTime:
        looks.append(simulate_load(4.0, seconds=0))
        return looks[-1]

    count = ThreadCount(measure=measure)
    for _ in range(100):
        simulate_load(4.0, seconds=0.1)
        count.update()
    assert not looks
    simulate_load(4.0, seconds=threads.UPDATE_SECONDS)
    assert count.update() and len(looks) == 1


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


def test_without_load_figures_the_number_stays() -> None:
    torch.set_num_threads(2)
    count = ThreadCount(measure=lambda: None)
    count.last = CpuTime(time.monotonic() - 100, 0, 0)
    assert not count.update()


@pytest.mark.skipif(threads.cpu_time() is None, reason="the system does not tell")
def test_the_processor_time_is_that_of_all_processes_and_of_this_one() -> None:
    before = threads.cpu_time()
    while time.monotonic() < before.clock + 0.3:
        sum(range(10_000))
    after = threads.cpu_time()
    own = after.this_process - before.this_process
    assert 0 < own <= after.all_processes - before.all_processes + 0.1
