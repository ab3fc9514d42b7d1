"""The cores that this process may compute on."""

import os
from math import ceil
from pathlib import Path

VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""set by a user who wants another number of threads"""


def thread_limit() -> int:
    """Return the number of threads for programs other than PyTorch."""
    given = next((value for name in VARIABLES if (value := os.environ.get(name))), "")
    return int(given) if given.isdecimal() and int(given) else available_cores()


def available_cores() -> int:
    """Return how many cores this process may use: its affinity, and the quota of its container."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, ceil(min(cores or 1, _quota())))


def _quota() -> float:
    """Return the number of cores that the control group allows; infinite without a limit."""
    for quota, period in (
        ("/sys/fs/cgroup/cpu.max", ""),
        ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us"),
    ):
        try:
            text = Path(quota).read_text() + (Path(period).read_text() if period else "")
            microseconds, of_microseconds = map(int, text.split())
        except (OSError, ValueError):  # none, or "max"
            continue
        if microseconds > 0 < of_microseconds:
            return microseconds / of_microseconds
    return float("inf")
