"""Checkerboard and border artifacts, by comparison with the data set's images."""

from collections.abc import Iterator

import numpy as np

from translate.engine.diagnosis.detection import BORDER, CHECKERBOARD, Detection
from translate.engine.diagnosis.preview import Preview, Row

PERIODS = (2, 4)
"""periods in pixels of the grids that upsampling leaves"""
PEAK, PEAK_LEVELS = 8.0, 1.0
"""a grid is visible if the ratio of its frequency's power to that of neighbouring frequencies
exceeds `PEAK`, and its amplitude in levels exceeds `PEAK_LEVELS`"""
BORDER_FACTOR, BORDER_LEVELS = 3.0, 16.0
"""a border is visible if its difference from the pixels inside exceeds `BORDER_FACTOR` times that
of real images, and `BORDER_LEVELS` levels"""
MIN_SIDE = 16
"""shortest side in pixels of images that are examined"""


def checkerboard(preview: Preview) -> Iterator[Detection]:
    """Find rows of outputs with a regular grid (Odena et al., 2016)."""
    for title in preview.outputs:
        row = preview.rows[title]
        if min(row.shape[1:3]) < MIN_SIDE:
            continue
        for period in PERIODS:
            ratio, amplitude = grid_peak(row, period)
            peaks = (grid_peak(real, period)[0] for real in preview.references())
            usual = max(peaks, default=1.0)
            if ratio > PEAK * max(1.0, usual) and amplitude > PEAK_LEVELS:
                yield Detection(
                    CHECKERBOARD,
                    preview.step,
                    f"the row {title!r} has a grid of {period} pixels with an amplitude of "
                    f"{amplitude:.1f} of 255 levels, {ratio:.0f} times the power of the "
                    f"frequencies next to it; real images have {usual:.1f} times",
                    ratio,
                    title,
                )
                break


def grid_peak(row: Row, period: int) -> tuple[float, float]:
    """Return the power of a grid's frequency relative to its neighbours, and its amplitude.

    The spectrum is that of the rows and columns of the mean of all channels. The amplitude is in
    levels.
    """
    ratio, amplitude = 0.0, 0.0
    luma = row.mean(axis=3)
    for axis in (1, 2):
        lines = np.moveaxis(luma, axis, 2)
        side = lines.shape[2] // 4 * 4
        window = np.hanning(side + 1)[:side]
        centred = lines[..., :side] - lines[..., :side].mean(axis=2, keepdims=True)
        spectrum = np.abs(np.fft.rfft(centred * window, axis=2)) ** 2
        power = spectrum.mean(axis=(0, 1))
        index = side // period
        below = power[max(1, index - 5) : index - 1]
        above = power[index + 2 : index + 6]
        usual = float(np.median(np.concatenate([below, above])))
        peak = float(power[index])
        if peak > ratio * max(usual, 1e-9):
            ratio = peak / max(usual, 1e-9)
            amplitude = float(np.sqrt(peak)) / float(window.sum()) * (1 if period == 2 else 2)
    return ratio, amplitude


def border(preview: Preview) -> Iterator[Detection]:
    """Find rows of outputs with a frame along the border of the images."""
    for title in preview.outputs:
        row = preview.rows[title]
        if min(row.shape[1:3]) < MIN_SIDE:
            continue
        usual = max(map(border_contrast, preview.references()), default=0)
        contrast = border_contrast(row)
        if contrast > max(BORDER_LEVELS, BORDER_FACTOR * usual):
            yield Detection(
                BORDER,
                preview.step,
                f"the border of the row {title!r} differs by {contrast:.0f} of 255 levels from the "
                f"pixels next to it, and that of real images by {usual:.0f}",
                contrast,
                title,
            )


def border_contrast(row: Row) -> float:
    """Return the difference between the outer two pixels and those four pixels further inside.

    It is the mean over all images and channels, in levels, of the side where it is smallest.
    """
    transposed = row.transpose(0, 2, 1, 3)
    sides = (row, row[:, ::-1], transposed, transposed[:, ::-1])
    return float(min(abs(s[:, :2, 6:-6].mean() - s[:, 4:6, 6:-6].mean()) for s in sides))
