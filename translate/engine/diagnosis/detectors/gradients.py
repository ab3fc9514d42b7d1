"""Detectors of gradients that vanish or explode, of losses that diverge, and of skipped turns.

A record is a line of the log, with the means over the steps since the previous line.
"""

import math
from collections.abc import Iterator

import numpy as np

from translate.engine.diagnosis.detection import (
    DIVERGING,
    EXPLODING,
    SKIPPED,
    VANISHING,
    Detection,
    start_of_last_streak,
)
from translate.engine.diagnosis.log import Log

VANISHED_FRACTION, SMALL_FRACTION = 1e-4, 5e-3
SMALL_NORM, ZERO_NORM, VANISHED_STEPS = 1e-4, 1e-7, 100
"""a gradient has vanished if for `VANISHED_STEPS` steps one of these holds for its norm:

- it is below `VANISHED_FRACTION` times its maximum;
- it is below `SMALL_NORM` and below `SMALL_FRACTION` times its maximum;
- it is below `ZERO_NORM`.
"""
EXPLODED_FACTOR, EXPLODED_NORM = 100.0, 1e3
"""a gradient explodes if its norm exceeds both `EXPLODED_NORM` and `EXPLODED_FACTOR` times the
median of the first `COMPARED_RECORDS` records, in two of the newest `COMPARED_RECORDS` records"""
DIVERGED = 1e4
"""a finite loss diverges if its absolute value exceeds `DIVERGED` times its first value, or
`DIVERGED` if the first value is below 1"""
MEDIAN_RECORDS = 3
"""number of consecutive records in the running median that is compared with the limit"""
COMPARED_RECORDS = 4
"""number of records at the start and at the end that are compared for an exploding gradient"""


def vanishing_gradients(log: Log) -> Iterator[Detection]:
    """Find players with a gradient near 0."""
    for player in log.names("grad_norm"):
        norms = log.values("grad_norm", player)
        if np.isnan(norms).all():
            continue
        largest = float(np.nanmax(norms))
        width = min(MEDIAN_RECORDS, len(norms))
        small_norm = min(SMALL_NORM, SMALL_FRACTION * largest)
        limit = max(ZERO_NORM, VANISHED_FRACTION * largest, small_norm)
        medians = np.median(np.lib.stride_tricks.sliding_window_view(norms, width), axis=1)
        start = start_of_last_streak(list(medians < limit))
        since = log.first_step(start + width // 2 if start > 0 else 0)  # centre of the first median
        if start < len(medians) and log.last.step - since + 1 >= VANISHED_STEPS:
            yield Detection(
                failure=VANISHING,
                since_step=since,
                evidence=f"the gradient norm of {player} is {medians[-1]:.1e}, and was up to "
                f"{largest:.1e}",
                value=float(medians[-1]),
                subject=player,
            )


def exploding_gradients(log: Log) -> Iterator[Detection]:
    """Find players with a gradient that has grown by orders of magnitude."""
    for player in log.names("grad_norm"):
        norms = log.values("grad_norm", player)
        first_norms = norms[:COMPARED_RECORDS]
        first_norms = first_norms[np.isfinite(first_norms)]
        if len(norms) <= COMPARED_RECORDS or not len(first_norms):
            continue
        limit = max(EXPLODED_NORM, EXPLODED_FACTOR * float(np.median(first_norms)))
        exceeds_limit = norms > limit
        if exceeds_limit[-COMPARED_RECORDS:].sum() >= 2:
            start = int(np.argmax(exceeds_limit))
            largest = float(np.nanmax(norms[-COMPARED_RECORDS:]))
            yield Detection(
                failure=EXPLODING,
                since_step=log.first_step(start),
                evidence=f"the gradient norm of {player} is {largest:.1e}, and was "
                f"{np.median(first_norms):.1e} at the start",
                value=largest,
                subject=player,
            )


def diverging_losses(log: Log) -> Iterator[Detection]:
    """Find players with a finite loss far above its first value."""
    by_player: dict[str, Detection] = {}
    for name in log.names("losses"):
        values, player = np.abs(log.values("losses", name)), name.partition("/")[0]
        candidates = [abs(log.records[0].first_losses.get(name, math.nan)), *values]
        first_value = next(filter(math.isfinite, candidates), 0.0)
        limit = DIVERGED * max(1.0, first_value)
        with np.errstate(invalid="ignore"):
            exceeds_limit = (values > limit) & np.isfinite(values)
        if not exceeds_limit.any():
            continue
        newest = float(values[exceeds_limit][-1])
        if player not in by_player or newest > by_player[player].value:
            rate = log.last.lr.get(player, math.nan)
            by_player[player] = Detection(
                failure=DIVERGING,
                since_step=log.first_step(int(np.argmax(exceeds_limit))),
                evidence=f"the loss {name} is {newest:.1e} at a learning rate of {rate:g}, more "
                f"than {DIVERGED:g} times that of the first steps",
                value=newest,
                subject=player,
            )
    yield from by_player.values()


def skipped_turns(log: Log) -> Iterator[Detection]:
    """Find skipped turns: updates of a player with a loss or gradient that was not finite."""
    count = log.last.skipped
    if not count:
        return
    first = next(index for index, record in enumerate(log.records) if record.skipped)
    files_by_step = (record.skipped_files for record in log.records)
    files = next((files for steps in files_by_step for files in steps.values()), ())
    examples = f"; the first skipped turn used {', '.join(files[:2])}" if files else ""
    yield Detection(
        failure=SKIPPED,
        since_step=log.first_step(first),
        evidence=f"{count} turns had a loss or gradient that was not finite, and updated no "
        f"weight{examples}",
        value=float(count),
    )
