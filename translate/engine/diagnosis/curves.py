"""Shapes of curves: losses that oscillate, and evaluations that get worse."""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from translate.engine.diagnosis.detection import OSCILLATING, OVERFITTING, Detection
from translate.engine.diagnosis.log import Log

RECORDS, PERIODS = 32, 3
"""records that a spectrum needs, and periods that they have to hold"""
PEAK_SHARE, PEAK_AMPLITUDE = 0.5, 0.2
"""a loss oscillates when one frequency has this share of the power of its changes, and its
amplitude is this share of the mean loss"""
WORSE, WORSE_EVALUATIONS = 0.1, 4
"""a model overfits when so many evaluations in a row are worse than the best by this share"""


def oscillating(log: Log) -> Iterator[Detection]:
    """Find losses with a spectrum that has one strong peak."""
    if len(log.records) < RECORDS:
        return
    half = log.records[-max(RECORDS, len(log.records) // 2) :]
    recent = Log(half, log.end)
    for name in log.names("losses"):
        values = recent.values("losses", name)
        if not np.isfinite(values).all():
            continue
        period, share, amplitude = strongest_period(values)
        scale = float(np.abs(values).mean())
        if share > PEAK_SHARE and amplitude > PEAK_AMPLITUDE * scale:
            steps = period * (half[-1].step - half[0].step) / (len(half) - 1)
            yield Detection(
                OSCILLATING,
                half[0].step,
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

    `better` maps the names of metrics of the log to ``max`` or ``min``.
    """
    for name, direction in better.items():
        values = log.values("metrics", name)
        at = np.flatnonzero(np.isfinite(values))
        if len(at) <= WORSE_EVALUATIONS:
            continue
        signed = values[at] if direction == "min" else -values[at]
        best = int(np.argmin(signed))
        since = signed[best + 1 :]
        limit = signed[best] + WORSE * abs(signed[best])
        if len(since) >= WORSE_EVALUATIONS and (since[-WORSE_EVALUATIONS:] > limit).all():
            step = log.records[at[best]].step
            yield Detection(
                OVERFITTING,
                step,
                f"{name} was best at step {step}, {values[at[best]]:.4g}, and is "
                f"{values[at[-1]]:.4g} now; {'lower' if direction == 'min' else 'higher'} is "
                "better",
                float(values[at[-1]]),
                name,
            )
