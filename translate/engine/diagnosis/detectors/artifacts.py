"""Checkerboard and border artifacts of outputs, in comparison with images of the data set.

Each row of a preview is an array of images, (N, H, W, C) in levels from 0 to 255.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from translate.engine.diagnosis.detection import BORDER, CHECKERBOARD, Detection
from translate.engine.diagnosis.preview import ImageRow, Preview

PERIODS = (2, 4)
"""periods in pixels of the grids that upsampling leaves"""
PEAK, PEAK_LEVELS = 8.0, 1.0
"""a grid is visible if its `GridPeak.ratio` exceeds `PEAK` times the larger of 1 and the ratio of
real images, and its amplitude exceeds `PEAK_LEVELS`, in levels"""
BORDER_FACTOR, BORDER_LEVELS = 3.0, 16.0
"""a border is visible if its contrast exceeds `BORDER_LEVELS` levels, and `BORDER_FACTOR` times the
contrast of real images"""
MIN_SIDE = 16
"""shortest side in pixels of images that are examined"""


class GridPeak(NamedTuple):
    """The peak of the spectrum at the frequency of a grid."""

    ratio: float
    """the power at this frequency, divided by the median power of the frequencies around it"""
    amplitude: float
    """amplitude of the grid in levels"""


def checkerboard(preview: Preview) -> Iterator[Detection]:
    """Find rows of outputs with a regular grid (Odena et al., 2016)."""
    for title in preview.outputs:
        row = preview.rows[title]
        if min(row.shape[1:3]) < MIN_SIDE:
            continue
        for period in PERIODS:
            peak = grid_peak(row, period)
            real_ratios = (grid_peak(real, period).ratio for real in preview.references())
            real_ratio = max(real_ratios, default=1.0)
            if peak.ratio > PEAK * max(1.0, real_ratio) and peak.amplitude > PEAK_LEVELS:
                yield Detection(
                    failure=CHECKERBOARD,
                    since_step=preview.step,
                    evidence=f"the row {title!r} has a grid of {period} pixels with an amplitude "
                    f"of {peak.amplitude:.1f} of 255 levels, {peak.ratio:.0f} times the power of "
                    f"the frequencies next to it; real images have {real_ratio:.1f} times",
                    value=peak.ratio,
                    subject=title,
                )
                break


def grid_peak(images: ImageRow, period: int) -> GridPeak:
    """Return the peak of a grid of `period` pixels, horizontal or vertical: the larger.

    Spectra are of lines of pixels of the mean of all channels, averaged over all lines and images.
    """
    largest = GridPeak(0.0, 0.0)
    brightness = images.mean(axis=3)
    for axis in (1, 2):
        lines = np.moveaxis(brightness, axis, 2)
        side = lines.shape[2] // 4 * 4
        window = np.hanning(side + 1)[:side]
        centred = lines[..., :side] - lines[..., :side].mean(axis=2, keepdims=True)
        spectrum = np.abs(np.fft.rfft(centred * window, axis=2)) ** 2
        power = spectrum.mean(axis=(0, 1))
        index = side // period
        below = power[max(1, index - 5) : index - 1]
        above = power[index + 2 : index + 6]
        background = max(float(np.median(np.concatenate([below, above]))), 1e-9)
        peak = float(power[index])
        if peak > largest.ratio * background:
            # a cosine has half of its amplitude at each sign of its frequency, except the highest
            amplitude = float(np.sqrt(peak)) / float(window.sum()) * (1 if period == 2 else 2)
            largest = GridPeak(peak / background, amplitude)
    return largest


def border(preview: Preview) -> Iterator[Detection]:
    """Find rows of outputs with a frame along the border of the images."""
    for title in preview.outputs:
        row = preview.rows[title]
        if min(row.shape[1:3]) < MIN_SIDE:
            continue
        real_contrast = max(map(border_contrast, preview.references()), default=0)
        contrast = border_contrast(row)
        if contrast > max(BORDER_LEVELS, BORDER_FACTOR * real_contrast):
            yield Detection(
                failure=BORDER,
                since_step=preview.step,
                evidence=f"the border of the row {title!r} differs by {contrast:.0f} of 255 "
                "levels from the pixels next to it, and that of real images by "
                f"{real_contrast:.0f}",
                value=contrast,
                subject=title,
            )


def border_contrast(images: ImageRow) -> float:
    """Return how much a frame along the border differs from the pixels inside, in levels.

    On each side, the first two lines of pixels are compared with the fifth and the sixth: the
    difference of their means over all images and channels. The smallest of the four sides counts.
    """
    transposed = images.transpose(0, 2, 1, 3)
    sides = (images, images[:, ::-1], transposed, transposed[:, ::-1])
    return float(min(abs(s[:, :2, 6:-6].mean() - s[:, 4:6, 6:-6].mean()) for s in sides))
