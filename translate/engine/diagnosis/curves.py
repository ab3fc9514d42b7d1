"""Shapes of curves: losses that oscillate, and evaluations that get worse."""

import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from translate.engine.diagnosis.detection import OSCILLATING, OVERFITTING, Detection
from translate.engine.diagnosis.log import Log

RECORDS, PERIODS = 48, 3
"""records that are examined at least, and periods that half of them have to hold"""
PEAK_SHARE, HALF_SHARE, PEAK_AMPLITUDE = 0.65, 0.6, 0.2
"""a loss oscillates when one period has this share of the power of its changes, also in each half
of the records, and its amplitude is this share of the mean loss"""
SAME_PERIOD = 0.2
"""share by which the periods of both halves may differ"""
EVALUATION = "evaluation/"
"""the beginning of the names of metrics that are measured on held-out images"""
WORSE, WORSE_ERRORS, EVALUATIONS = 0.05, 3.0, 5
"""a model overfits when the median of so many evaluations is worse than the best such median by
this share, and by so many standard deviations of the noise from one evaluation to the next"""


def oscillating_losses(log: Log) -> Iterator[Detection]:
    """Find losses with a spectrum that has one strong peak."""
    if len(log.records) < RECORDS:
        return
    records = log.records[-max(RECORDS, len(log.records) // 2) :]
    recent, middle = Log(records, log.end), len(records) // 2
    for name in log.names("losses"):
        values = recent.values("losses", name)
        if not np.isfinite(values).all():
            continue
        period, share, amplitude = strongest_period(values)
        if share < PEAK_SHARE or amplitude < PEAK_AMPLITUDE * float(np.abs(values).mean()):
            continue
        halves = [strongest_period(half) for half in (values[:middle], values[middle:])]
        if all(
            part > HALF_SHARE and abs(own - period) < SAME_PERIOD * period
            for own, part, _ in halves
        ):
            steps = period * (records[-1].step - records[0].step) / (len(records) - 1)
            yield Detection(
                OSCILLATING,
                records[0].step,
                f"the loss {name} swings by {amplitude:.2g} around {values.mean():.2g} with a "
                f"period of {steps:.0f} steps, which has {share:.0%} of the power of its spectrum",
                share,
                name.partition("/")[0],
            )
            return


def strongest_period(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the strongest period of a series in records, its share of the power, its amplitude.

    The linear trend is removed; a peak is a frequency with its two neighbours, and slower changes
    than `PERIODS` in the series count as a trend.
    """
    index = np.arange(len(values))
    rest = values - np.polyval(np.polyfit(index, values, 1), index)
    window = np.hanning(len(rest))
    power = np.abs(np.fft.rfft(rest * window)) ** 2
    usable = power[1:].sum()
    if not usable or len(power) <= PERIODS + 2:
        return 0.0, 0.0, 0.0
    peak = PERIODS + int(np.argmax(power[PERIODS:-2]))
    near = power[peak - 1 : peak + 2]
    share = float(near.sum() / usable)
    centre = float((near * np.arange(peak - 1, peak + 2)).sum() / near.sum())
    amplitude = float(np.sqrt(2 * share) * rest.std())
    return len(values) / centre, share, amplitude


def overfitting(log: Log, better: Mapping[str, str]) -> Iterator[Detection]:
    """Find evaluations on held-out images that get worse while training continues.

    `better` maps figures to ``max`` or ``min``; the log has them as ``evaluation/NAME``.
    """
    for figure, direction in better.items():
        name = f"{EVALUATION}{figure}"
        every = log.values("metrics", name)
        at = np.flatnonzero(np.isfinite(every))
        values = every[at]
        if len(values) < 2 * EVALUATIONS:
            continue
        windows = np.lib.stride_tricks.sliding_window_view(values, EVALUATIONS)
        medians = np.median(windows, axis=1)
        best = int(np.argmin(medians) if direction == "min" else np.argmax(medians))
        worse = abs(float(medians[-1] - medians[best]))
        deviation = 1.48 * float(np.median(np.abs(np.diff(values)))) / math.sqrt(2)
        if worse > max(WORSE * abs(float(medians[best])), WORSE_ERRORS * deviation):
            step = log.records[at[best + EVALUATIONS // 2]].step
            yield Detection(
                OVERFITTING,
                step,
                f"{name} was best around step {step}, {medians[best]:.4g}, and is "
                f"{medians[-1]:.4g} now, the median of {EVALUATIONS} evaluations; "
                f"{'lower' if direction == 'min' else 'higher'} is better",
                float(medians[-1]),
                name,
            )
