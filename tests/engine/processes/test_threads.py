"""As many threads as there are free cores: by a clock of the test's own, and on this machine."""

import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
import torch

from translate.engine.processes import threads
from translate.engine.processes.threads import CpuTime, ThreadCount, threads_for


@pytest.fixture(autouse=True)
def threads_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in threads.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], CpuTime]:
    """Pretend to be on four cores; ``machine(2.0)`` lets a minute pass in which others use two."""
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
        (0.4, 4, 4),  # a browser's page is no reason
        (1.0, 4, 3),
        (2.0, 4, 2),
        (9.0, 4, 1),  # never none
        (2.0, 2, 2),
        (1.5, 2, 2),  # nearly right: it stays
        (0.0, 2, 4),
        (1.0, 2, 3),
    ],
)
def test_threads_are_the_cores_that_others_leave_free(
    others: float, current: int, expected: int
) -> None:
    assert threads_for(others, cores=4, current=current, most=4) == expected


def test_the_number_settles() -> None:
    for others in (0.0, 0.3, 0.6, 1.0, 1.4, 1.9, 2.5, 4.0):
        for start in (1, 2, 3, 4):
            once = threads_for(others, cores=4, current=start, most=4)
            assert threads_for(others, cores=4, current=once, most=4) == once


def test_it_follows_the_load_down_and_up_again(machine: Callable[[float], CpuTime]) -> None:
    reading = CpuTime(0, 0, 0)
    count = ThreadCount(measure=lambda: reading)
    assert count.current == 4
    reading = machine(2.0)
    assert count.update() and torch.get_num_threads() == 2
    assert "2.0 of 4 cores" in count.reason()
    reading = machine(2.0)
    assert not count.update()
    reading = machine(0.0)
    assert count.update() and torch.get_num_threads() == 4


def test_it_does_not_look_at_every_step(machine: Callable[..., CpuTime]) -> None:
    looks: list[CpuTime] = []

    def measure() -> CpuTime:
        looks.append(machine(4.0, seconds=0))
        return looks[-1]

    count = ThreadCount(measure=measure)
    for _ in range(100):
        machine(4.0, seconds=0.1)
        count.update()
    assert not looks
    machine(4.0, seconds=threads.UPDATE_SECONDS)
    assert count.update() and len(looks) == 1


@pytest.mark.parametrize("name", threads.VARIABLES)
def test_an_explicit_number_wins(
    name: str, machine: Callable[[float], CpuTime], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "4")
    count = ThreadCount(measure=lambda: machine(4.0))
    machine(4.0)
    assert not count.update() and torch.get_num_threads() == 4


def test_a_number_that_a_program_sets_wins(machine: Callable[[float], CpuTime]) -> None:
    count = ThreadCount(measure=lambda: machine(3.0))
    torch.set_num_threads(3)
    for _ in range(3):
        machine(3.0)
        assert not count.update()
    assert torch.get_num_threads() == 3


def test_a_deterministic_run_keeps_its_number(machine: Callable[[float], CpuTime]) -> None:
    count = ThreadCount(adapt=False, measure=lambda: machine(3.0))
    machine(3.0)
    assert not count.update() and torch.get_num_threads() == 4


def test_a_container_with_a_quota_gets_no_more_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_quota", lambda: 1.5)
    monkeypatch.setattr(threads.os, "sched_getaffinity", lambda _: range(64))
    torch.set_num_threads(4)
    assert ThreadCount().most == 2


def test_where_the_system_tells_nothing_the_number_stays() -> None:
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
