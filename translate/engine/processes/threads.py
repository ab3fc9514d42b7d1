"""The number of CPU threads of PyTorch: about the number of free cores.

OpenMP's threads wait for each other by spinning. While another process is busy, a step with one
thread per core takes two to ten times as long as with fewer threads. Therefore the number is
adjusted to the cores that other processes leave free. ``OMP_NUM_THREADS`` or ``MKL_NUM_THREADS``
turns the adjustment off. A number set by `torch.set_num_threads` is the maximum if it was set
before `ThreadCount` is created; if it is set later, it stays and the adjustment ends.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch

from translate.engine.processes.cores import THREAD_VARIABLES, available_cores

UPDATE_SECONDS = 20.0
"""seconds between two measurements of the load"""
SHORTEST_SECONDS = 0.5
"""minimum seconds over which the load is measured"""
SLACK = 0.35
"""a thread is added for a core of which other processes use less than this fraction; when threads
are removed, the number is the free cores, rounded"""


class CpuTime(NamedTuple):
    """A point in time, and the CPU seconds used until then on the cores of this process."""

    clock: float
    """monotonic time, in seconds"""
    all_processes: float
    this_process: float


def cpu_time() -> CpuTime | None:
    """Return the CPU time used so far; None on systems other than Linux."""
    try:
        lines = Path("/proc/stat").read_text().splitlines()
        ticks = os.sysconf("SC_CLK_TCK")
        cores = os.sched_getaffinity(0)
    except (OSError, AttributeError, ValueError):
        return None
    used = 0
    for line in lines:
        name, *fields = line.split()
        if name.startswith("cpu") and name[3:].isdigit() and int(name[3:]) in cores:
            user, nice, system, _idle, _iowait, *rest = map(int, fields)
            irq_softirq_steal = sum(rest[:3])  # interrupts, and time of other virtual machines
            used += user + nice + system + irq_softirq_steal
    return CpuTime(time.monotonic(), used / ticks, time.process_time())


_start = cpu_time()


class ThreadCount:
    """Adjusts PyTorch's number of threads to the load of the machine.

    Use it on the thread that computes: PyTorch's number applies to the calling thread.

    Args:
        adapt: Whether to adjust the number to the load. In both cases the constructor lowers it to
            the cores that this process may use, unless an environment variable sets it.
        measure: Returns the CPU time used so far, or None if it is unknown.
    """

    def __init__(
        self, *, adapt: bool = True, measure: Callable[[], CpuTime | None] = cpu_time
    ) -> None:
        explicit = any(os.environ.get(name) for name in THREAD_VARIABLES)
        self.measure = measure
        self.cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
        """the cores on which the load is measured; a container's quota only limits `max_threads`"""
        self.max_threads = torch.get_num_threads()
        """the initial number of threads, which is the maximum"""
        if not explicit:
            self.max_threads = min(self.max_threads, available_cores())
            torch.set_num_threads(self.max_threads)
        self.current = self.max_threads
        self.others = 0.0
        """cores that other processes keep busy, such as 0.7"""
        self.last = _start if adapt and not explicit and self.max_threads > 1 else None
        """the last measurement; None: the number is not adjusted"""
        if self.last and self.last.clock + SHORTEST_SECONDS < time.monotonic():
            self._adjust()

    def reason(self) -> str:
        """Return the reason for the current number, in one line."""
        busy = f"other processes use {self.others:.1f} of {self.cores} cores"
        plural = "s" * (self.current > 1)
        return (
            f"{busy}: computing with {self.current} thread{plural} (set OMP_NUM_THREADS to pin it)"
        )

    def update(self) -> bool:
        """Measure the load if that is due; return whether the number of threads has changed."""
        if self.last is None or time.monotonic() < self.last.clock + UPDATE_SECONDS:
            return False
        return self._adjust()

    def _adjust(self) -> bool:
        now, before = self.measure(), self.last
        set_elsewhere = torch.get_num_threads() != self.current
        self.last = None if set_elsewhere else now
        if now is None or before is None or set_elsewhere:
            return False
        elapsed = max(now.clock - before.clock, 1e-9)
        own = now.this_process - before.this_process
        self.others = max(0.0, now.all_processes - before.all_processes - own) / elapsed
        number = threads_for(
            self.others, cores=self.cores, current=self.current, max_threads=self.max_threads
        )
        if number == self.current:
            return False
        torch.set_num_threads(number)
        self.current = number
        return True


def threads_for(others: float, *, cores: int, current: int, max_threads: int) -> int:
    """Return how many threads to use, from 1 to `max_threads`.

    The current number is kept if it is nearly right. Otherwise, a load between two whole numbers of
    cores would change the number again and again, and each change changes rounding errors of sums.

    Args:
        others: How many of the `cores` other processes keep busy, such as 0.7.
        cores: The cores that this process may use.
        current: The current number of threads.
        max_threads: The largest number of threads.
    """
    free = cores - others
    if current - 0.5 <= free <= current + 1 - SLACK or (
        current == max_threads and free >= max_threads - 0.5
    ):
        return current
    number = int(free + SLACK) if free > current else round(free)
    return max(1, min(max_threads, number))
