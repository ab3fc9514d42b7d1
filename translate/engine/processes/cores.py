"""The cores that this process may compute on."""

import os
from math import ceil
from pathlib import Path

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""environment variables that set the number of threads"""


def thread_limit() -> int:
    """Return the number of threads for inference engines other than PyTorch."""
    text = next((value for name in THREAD_VARIABLES if (value := os.environ.get(name))), "")
    return int(text) if text.isdecimal() and int(text) else available_cores()


def available_cores() -> int:
    """Return the number of cores that CPU affinity and the container's quota allow this process."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, ceil(min(cores or 1, _quota())))


def _quota() -> float:
    """Return the number of cores that the control group allows; infinite without a limit."""
    for quota_file, period_file in (
        ("/sys/fs/cgroup/cpu.max", ""),
        ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us"),
    ):
        try:
            text = Path(quota_file).read_text()
            text += Path(period_file).read_text() if period_file else ""
            quota, period = map(int, text.split())  # CPU microseconds per period
        except (OSError, ValueError):  # no such file, or "max": no limit
            continue
        if quota > 0 < period:
            return quota / period
    return float("inf")
