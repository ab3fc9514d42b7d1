"""The number of CPU threads of PyTorch: about the number of free cores.

OpenMP's threads wait for each other by spinning. While another process is busy, a step with one
thread per core takes two to ten times as long as with fewer threads. So the number is
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
"""shortest time over which the load is measured"""
BUSY_FRACTION = 0.35
"""fraction of a core: if other processes use less of it, a thread is added for the core"""


class CpuTime(NamedTuple):
    """The CPU seconds used on the cores of this process until a point in time."""

    clock: float
    """the point in time: monotonic, in seconds"""
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


_at_import = cpu_time()
"""the first measurement: so the load is known when training begins"""


class ThreadCount:
    """Adjusts PyTorch's number of threads to the load of the machine.

    Use it on the thread that computes: PyTorch's number applies to the calling thread.

    Args:
        adapt: Whether to adjust the number to the load. If not, the constructor still lowers it to
            the cores that this process may use, unless an environment variable sets it.
        measure: Returns the CPU time used so far, or None if it is unknown.
    """

    def __init__(
        self, *, adapt: bool = True, measure: Callable[[], CpuTime | None] = cpu_time
    ) -> None:
        is_set_by_user = any(os.environ.get(name) for name in THREAD_VARIABLES)
        self.measure = measure
        self.cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
        """the cores on which the load is measured; a container's quota only limits `max_threads`"""
        self.max_threads = torch.get_num_threads()
        """the initial number of threads, which is the maximum"""
        if not is_set_by_user:
            self.max_threads = min(self.max_threads, available_cores())
            torch.set_num_threads(self.max_threads)
        self.current = self.max_threads
        self.busy_cores = 0.0
        """cores that other processes keep busy, such as 0.7"""
        adapt = adapt and not is_set_by_user and self.max_threads > 1
        self.last = _at_import if adapt else None
        """the last measurement; None: the number is not adjusted"""
        if self.last and self.last.clock + SHORTEST_SECONDS < time.monotonic():
            self._adjust()

    def reason(self) -> str:
        """Return the reason for the current number, in one line."""
        load = f"other processes use {self.busy_cores:.1f} of {self.cores} cores"
        threads = f"{self.current} thread{'s' * (self.current > 1)}"
        return f"{load}: computing with {threads} (set OMP_NUM_THREADS to pin it)"

    def update(self) -> bool:
        """Measure the load at intervals; return whether the number of threads has changed."""
        if self.last is None or time.monotonic() < self.last.clock + UPDATE_SECONDS:
            return False
        return self._adjust()

    def _adjust(self) -> bool:
        now, before = self.measure(), self.last
        is_set_by_program = torch.get_num_threads() != self.current
        self.last = None if is_set_by_program else now
        if now is None or before is None or is_set_by_program:
            return False
        elapsed = max(now.clock - before.clock, 1e-9)
        by_this_process = now.this_process - before.this_process
        by_others = now.all_processes - before.all_processes - by_this_process
        self.busy_cores = max(0.0, by_others) / elapsed
        number = suitable_thread_count(
            self.busy_cores, cores=self.cores, current=self.current, max_threads=self.max_threads
        )
        if number == self.current:
            return False
        torch.set_num_threads(number)
        self.current = number
        return True


def suitable_thread_count(busy_cores: float, *, cores: int, current: int, max_threads: int) -> int:
    """Return the number of threads to use, from 1 to `max_threads`.

    The current number is kept if it is nearly right. Otherwise, a load between two whole numbers of
    cores would change the number again and again, and each change changes rounding errors of sums.

    Args:
        busy_cores: The number of `cores` that other processes keep busy, such as 0.7.
        cores: The number of cores that this process may use.
        current: The current number of threads.
        max_threads: The largest number of threads.
    """
    free = cores - busy_cores
    if current - 0.5 <= free <= current + 1 - BUSY_FRACTION or (
        current == max_threads and free >= max_threads - 0.5
    ):
        return current
    number = int(free + BUSY_FRACTION) if free > current else round(free)
    return max(1, min(max_threads, number))
