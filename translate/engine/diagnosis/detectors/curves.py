"""Losses that oscillate, and evaluations that get worse (overfitting)."""

import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from translate.engine.diagnosis.detection import OSCILLATING, OVERFITTING, Detection
from translate.engine.diagnosis.log import Log

MIN_RECORDS, MIN_PERIODS = 48, 3
"""smallest number of records (lines of the log), and of periods in each half of them"""
PEAK_POWER, HALF_POWER, PEAK_AMPLITUDE = 0.65, 0.6, 0.2
"""a loss oscillates if one period has at least the fraction `PEAK_POWER` of the power of its
spectrum, over `HALF_POWER` in each half of the records, and an amplitude of at least
`PEAK_AMPLITUDE` times the mean of the absolute loss"""
PERIOD_TOLERANCE = 0.2
"""largest relative difference between the period of each half and that of all records"""
EVALUATION = "evaluation/"
"""prefix of the names of metrics that are measured on held-out images"""
WORSENING, WORSENING_DEVIATIONS, EVALUATIONS = 0.05, 3.0, 5
"""a model overfits if the median of the newest `EVALUATIONS` evaluations is worse than the best
median of as many by more than the fraction `WORSENING`, and by more than `WORSENING_DEVIATIONS`
standard deviations of the noise between consecutive evaluations"""


def oscillating_losses(log: Log) -> Iterator[Detection]:
    """Find losses with a spectrum that has one strong peak."""
    if len(log.records) < MIN_RECORDS:
        return
    records = log.records[-max(MIN_RECORDS, len(log.records) // 2) :]
    recent, middle = Log(records, log.end), len(records) // 2
    for name in log.names("losses"):
        values = recent.values("losses", name)
        if not np.isfinite(values).all():
            continue
        period, fraction, amplitude = strongest_period(values)
        if fraction < PEAK_POWER or amplitude < PEAK_AMPLITUDE * float(np.abs(values).mean()):
            continue
        halves = [strongest_period(half) for half in (values[:middle], values[middle:])]
        if all(
            half_fraction > HALF_POWER and abs(half_period - period) < PERIOD_TOLERANCE * period
            for half_period, half_fraction, _ in halves
        ):
            steps = period * (records[-1].step - records[0].step) / (len(records) - 1)
            yield Detection(
                failure=OSCILLATING,
                since_step=records[0].step,
                evidence=f"the loss {name} swings by {amplitude:.2g} around {values.mean():.2g} "
                f"with a period of {steps:.0f} steps, which has {fraction:.0%} of the power of its "
                "spectrum",
                value=fraction,
                subject=name.partition("/")[0],
            )
            return


def strongest_period(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the strongest period in records, its fraction of the power, and its amplitude.

    The linear trend is removed first. A peak is a frequency with its two neighbours. Frequencies
    below `MIN_PERIODS` periods in the series count as a trend, not as a peak.
    """
    index = np.arange(len(values))
    residual = values - np.polyval(np.polyfit(index, values, 1), index)
    window = np.hanning(len(residual))
    power = np.abs(np.fft.rfft(residual * window)) ** 2
    total = power[1:].sum()
    if not total or len(power) <= MIN_PERIODS + 2:
        return 0.0, 0.0, 0.0
    peak = MIN_PERIODS + int(np.argmax(power[MIN_PERIODS:-2]))
    power_near_peak = power[peak - 1 : peak + 2]
    fraction = float(power_near_peak.sum() / total)
    centre = float((power_near_peak * np.arange(peak - 1, peak + 2)).sum() / power_near_peak.sum())
    amplitude = float(np.sqrt(2 * fraction) * residual.std())
    return len(values) / centre, fraction, amplitude


def overfitting(log: Log, better: Mapping[str, str]) -> Iterator[Detection]:
    """Find evaluations on held-out images that get worse while training continues.

    `better` maps names of metrics to ``max`` or ``min``; the log has them as ``evaluation/NAME``.
    """
    for metric, direction in better.items():
        name = f"{EVALUATION}{metric}"
        by_record = log.values("metrics", name)
        indices = np.flatnonzero(np.isfinite(by_record))
        values = by_record[indices]
        if len(values) < 2 * EVALUATIONS:
            continue
        windows = np.lib.stride_tricks.sliding_window_view(values, EVALUATIONS)
        medians = np.median(windows, axis=1)
        best = int(np.argmin(medians) if direction == "min" else np.argmax(medians))
        difference = abs(float(medians[-1] - medians[best]))
        # 1.48: from the median absolute deviation to the standard deviation
        deviation = 1.48 * float(np.median(np.abs(np.diff(values)))) / math.sqrt(2)
        if difference > max(
            WORSENING * abs(float(medians[best])), WORSENING_DEVIATIONS * deviation
        ):
            step = log.records[indices[best + EVALUATIONS // 2]].step
            yield Detection(
                failure=OVERFITTING,
                since_step=step,
                evidence=f"{name} was best around step {step}, {medians[best]:.4g}, and is "
                f"{medians[-1]:.4g} now, the median of {EVALUATIONS} evaluations; "
                f"{'lower' if direction == 'min' else 'higher'} is better",
                value=float(medians[-1]),
                subject=name,
            )
