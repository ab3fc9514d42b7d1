"""Learning rates near 0, waiting for data, and memory near its limit."""

from collections.abc import Iterator

import numpy as np

from translate.engine.diagnosis.detection import (
    MEMORY,
    RATE,
    WAITING,
    Detection,
    start_of_last_streak,
)
from translate.engine.diagnosis.log import Log

RATE_SHARE, RATE_STEPS = 1e-3, 0.05
"""a learning rate is near 0 below this share of its largest value, over this share of all steps"""
WAIT_SHARE, WAIT_STEPS = 0.5, 100
"""training waits for data when it takes this share of the time, in the mean of so many steps"""
MEMORY_SHARE = 0.92
"""share of the memory from which on it is near the limit"""


def rate_near_zero(log: Log) -> Iterator[Detection]:
    """Find players that learn nothing, as their learning rate is near 0 before training ends."""
    for player in log.names("lr"):
        rates = log.values("lr", player)
        if np.isnan(rates).all():
            continue
        start = start_of_last_streak(list(rates <= RATE_SHARE * np.nanmax(rates)))
        if start == len(rates):
            continue
        since = log.first_step(start)
        if log.last.step - since + 1 >= RATE_STEPS * log.end and len(rates) - start >= 2:
            yield Detection(
                RATE,
                since,
                f"the learning rate of {player} is {rates[-1]:.1e}, and was up to "
                f"{np.nanmax(rates):.1e}",
                float(rates[-1]),
                player,
            )


def waiting_for_images(log: Log) -> Iterator[Detection]:
    """Find runs that wait for images most of the time."""
    waits = np.array([record.data_wait for record in log.records])
    count = log.window(WAIT_STEPS)
    if log.last.step < WAIT_STEPS or len(waits) < count:
        return
    means = np.convolve(waits, np.ones(count) / count, "valid")
    start = start_of_last_streak(list(means > WAIT_SHARE))
    if start < len(means):
        yield Detection(
            WAITING,
            log.first_step(start),
            f"{means[-1]:.0%} of the time is spent waiting for images, at "
            f"{log.last.images_per_second:.3g} images/s",
            float(means[-1]),
        )


def memory_near_limit(log: Log, limit_mb: int) -> Iterator[Detection]:
    """Find runs that use nearly all of the `limit_mb` MiB of the machine; 0 is unknown."""
    near = [record.memory_mb > MEMORY_SHARE * limit_mb for record in log.records]
    start = start_of_last_streak(near)
    if limit_mb and start < len(near):
        used = log.last.memory_mb
        yield Detection(
            MEMORY,
            log.first_step(start),
            f"the peak memory is {used:,} of {limit_mb:,} MiB, {used / limit_mb:.0%}",
            used / limit_mb,
        )
