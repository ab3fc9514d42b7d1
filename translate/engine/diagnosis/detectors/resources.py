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

RATE_FRACTION, RATE_STEPS = 1e-3, 0.05
"""a learning rate is near 0 if it is at most the fraction `RATE_FRACTION` of its maximum, for the
fraction `RATE_STEPS` of all steps"""
WAIT_FRACTION, WAIT_STEPS = 0.5, 100
"""training waits for data if waiting takes more than the fraction `WAIT_FRACTION` of the time, on
average over `WAIT_STEPS` steps"""
MEMORY_FRACTION = 0.92
"""fraction of the memory limit above which memory is near the limit"""


def rate_near_zero(log: Log) -> Iterator[Detection]:
    """Find players with a learning rate near 0 long before training ends."""
    for player in log.names("lr"):
        rates = log.values("lr", player)
        if np.isnan(rates).all():
            continue
        start = start_of_last_streak(list(rates <= RATE_FRACTION * np.nanmax(rates)))
        if start == len(rates):
            continue
        since = log.first_step(start)
        if log.last.step - since + 1 >= RATE_STEPS * log.end and len(rates) - start >= 2:
            yield Detection(
                failure=RATE,
                since_step=since,
                evidence=f"the learning rate of {player} is {rates[-1]:.1e}, and was up to "
                f"{np.nanmax(rates):.1e}",
                value=float(rates[-1]),
                subject=player,
            )


def waiting_for_images(log: Log) -> Iterator[Detection]:
    """Find runs that spend most of the time waiting for images."""
    waits = np.array([record.data_wait for record in log.records])
    count = log.window(WAIT_STEPS)
    if log.last.step < WAIT_STEPS or len(waits) < count:
        return
    means = np.convolve(waits, np.ones(count) / count, "valid")
    start = start_of_last_streak(list(means > WAIT_FRACTION))
    if start < len(means):
        yield Detection(
            failure=WAITING,
            since_step=log.first_step(start),
            evidence=f"{means[-1]:.0%} of the time is spent waiting for images, at "
            f"{log.last.images_per_second:.3g} images/s",
            value=float(means[-1]),
        )


def memory_near_limit(log: Log, limit_mb: int) -> Iterator[Detection]:
    """Find runs that use nearly all of the memory of `limit_mb` MiB; none if it is 0, unknown."""
    flags = [record.memory_mb > MEMORY_FRACTION * limit_mb for record in log.records]
    start = start_of_last_streak(flags)
    if limit_mb and start < len(flags):
        used = log.last.memory_mb
        yield Detection(
            failure=MEMORY,
            since_step=log.first_step(start),
            evidence=f"the peak memory is {used:,} of {limit_mb:,} MiB, {used / limit_mb:.0%}",
            value=used / limit_mb,
        )
