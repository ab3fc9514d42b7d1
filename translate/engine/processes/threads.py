"""The number of threads that PyTorch computes with on a CPU: no more than there are free cores.

OpenMP's threads wait for each other by spinning. Next to another busy process the threads of one
operation are never on the cores at the same time, and a step with a thread for each core takes two
to ten times as long as it needs. So the number follows the cores that other processes leave free.
An explicit ``OMP_NUM_THREADS`` or `torch.set_num_threads` wins.
"""

import os
import time
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import NamedTuple

import torch

SECONDS = 20.0
"""between two looks at the load"""
SHORTEST = 0.5
"""seconds over which a load is measured at least"""
EXPLICIT = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
SLACK = 0.35
"""share of a core that other processes may use before it counts as taken"""


class CpuTime(NamedTuple):
    """A point in time, and the processor seconds used until then on the cores of this process."""

    clock: float
    all_processes: float
    this_process: float


def cpu_time() -> CpuTime | None:
    """Return the processor time used so far; None where the system does not tell (not on Linux)."""
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
            used += user + nice + system + sum(rest[:3])  # interrupts, and time stolen by a host
    return CpuTime(time.monotonic(), used / ticks, time.process_time())


def available_cores() -> int:
    """Return how many cores this process may use: its affinity, and the quota of its container."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, ceil(min(cores or 1, _quota())))


def _quota() -> float:
    """Return the cores that the control group grants: infinite where it sets no limit."""
    for quota, period in (
        ("/sys/fs/cgroup/cpu.max", ""),
        ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us"),
    ):
        try:
            text = Path(quota).read_text() + (Path(period).read_text() if period else "")
            granted, every = map(int, text.split())
        except (OSError, ValueError):  # none, or "max"
            continue
        if granted > 0 < every:
            return granted / every
    return float("inf")


_start = cpu_time()


class ThreadCount:
    """Sets PyTorch's number of threads from time to time; belongs to the thread that computes.

    Args:
        adapt: follow the load of the machine; without it the number stays as it is.
        measure: returns the processor time used so far, or None where it is unknown.
    """

    def __init__(
        self, *, adapt: bool = True, measure: Callable[[], CpuTime | None] = cpu_time
    ) -> None:
        explicit = any(os.environ.get(name) for name in EXPLICIT)
        self.measure = measure
        self.cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
        self.most = torch.get_num_threads()
        """threads at first, which are never exceeded"""
        if not explicit:
            self.most = min(self.most, available_cores())
            torch.set_num_threads(self.most)
        self.current, self.others = self.most, 0.0
        self.last = _start if adapt and not explicit and self.most > 1 else None
        if self.last and self.last.clock + SHORTEST < time.monotonic():
            self._follow()

    def reason(self) -> str:
        """Return in one line why the number is what it is."""
        busy = f"other processes use {self.others:.1f} of {self.cores} cores"
        plural = "s" * (self.current > 1)
        return f"{busy}: computing with {self.current} thread{plural} (OMP_NUM_THREADS fixes it)"

    def update(self) -> bool:
        """Look at the load if that is due; return whether the number of threads has changed."""
        if self.last is None or time.monotonic() < self.last.clock + SECONDS:
            return False
        return self._follow()

    def _follow(self) -> bool:
        now, before = self.measure(), self.last
        chosen_elsewhere = torch.get_num_threads() != self.current
        self.last = None if chosen_elsewhere else now
        if now is None or before is None or chosen_elsewhere:
            return False
        elapsed = max(now.clock - before.clock, 1e-9)
        own = now.this_process - before.this_process
        self.others = max(0.0, now.all_processes - before.all_processes - own) / elapsed
        wanted = threads_for(self.others, cores=self.cores, current=self.current, most=self.most)
        if wanted == self.current:
            return False
        torch.set_num_threads(wanted)
        self.current = wanted
        return True


def threads_for(others: float, *, cores: int, current: int, most: int) -> int:
    """Return how many threads to use, 1 to `most`, where others keep so many of `cores` busy.

    A number that is nearly right stays, so that a load between two values does not change it back
    and forth: sums in another order are other bits.
    """
    free = cores - others
    if current - 0.5 <= free <= current + 1 - SLACK or (current == most and free >= most - 0.5):
        return current
    wanted = int(free + SLACK) if free > current else round(free)
    return max(1, min(most, wanted))
