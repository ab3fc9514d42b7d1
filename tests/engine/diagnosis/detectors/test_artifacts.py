"""Grids and frames in outputs are detected, and images without them are not."""

import numpy as np
import pytest
from histories import make_preview, photographs

from translate.engine.diagnosis.detectors.artifacts import (
    border,
    border_contrast,
    checkerboard,
    grid_peak,
)
from translate.engine.diagnosis.preview import ImageRow


def with_grid(row: ImageRow, period: int, amplitude: float, axis: int = 2) -> ImageRow:
    wave = amplitude * np.cos(2 * np.pi * np.arange(row.shape[axis]) / period)
    return row + (wave[:, None, None] if axis == 1 else wave[:, None])


@pytest.mark.parametrize("period", [2, 4])
@pytest.mark.parametrize("axis", [1, 2])
def test_a_grid_is_detected_with_its_period_and_amplitude(period: int, axis: int) -> None:
    (detection,) = checkerboard(make_preview(with_grid(photographs(), period, 5.0, axis)))
    assert (detection.failure, detection.subject) == ("checkerboard artifacts", "translated")
    assert f"has a grid of {period} pixels" in detection.evidence
    ratio, amplitude = grid_peak(with_grid(photographs(), period, 5.0, axis), period)
    assert ratio > 8
    assert amplitude == pytest.approx(5.0, abs=0.5)


def test_images_without_a_grid_have_no_checkerboard() -> None:
    random = np.random.default_rng(0)
    for row in (photographs(), random.uniform(0, 255, (4, 32, 32, 3)), np.zeros((4, 32, 32, 3)),
                with_grid(photographs(), 2, 0.5), photographs(side=12)):  # fmt: skip
        assert not list(checkerboard(make_preview(row)))


def with_frame(row: ImageRow, levels: float) -> ImageRow:
    framed = row + levels
    framed[:, 2:-2, 2:-2] = row[:, 2:-2, 2:-2]
    return framed


def test_a_frame_on_all_sides_is_detected_with_its_contrast() -> None:
    (detection,) = border(make_preview(with_frame(photographs(), -80)))
    assert (detection.failure, detection.subject) == ("border artifacts", "translated")
    assert border_contrast(with_frame(np.full((2, 32, 32, 3), 100.0), 40)) == 40


def test_images_without_a_frame_have_no_border_artifacts() -> None:
    one_side = photographs()
    one_side[:, :2] = 0  # a dark sky
    for row in (photographs(), one_side, with_frame(photographs(), 5), photographs(side=12)):
        assert not list(border(make_preview(row)))
