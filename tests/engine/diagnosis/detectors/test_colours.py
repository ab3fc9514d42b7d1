"""Inverted and shifted colours, and outputs that equal their inputs."""

import numpy as np
import pytest
from histories import make_preview, photographs

from translate.engine.diagnosis.detectors.colours import (
    correlation,
    inversion,
    tint,
    unchanged_translations,
)
from translate.engine.diagnosis.preview import Preview


def test_a_negative_of_the_input_is_an_inversion() -> None:
    source = photographs(seed=1)
    (detection,) = inversion(make_preview(255 - source, source=source))
    assert (detection.failure, detection.subject) == ("colour inversion", "translated")
    assert detection.value == pytest.approx(-1)
    assert not list(inversion(make_preview(source * 0.5, source=source)))
    assert not list(inversion(make_preview(photographs(seed=5))))


def test_negatives_are_no_inversion_if_the_target_images_are_negatives_too() -> None:
    source = photographs(seed=1)
    rows = {"source": source, "translated": 255 - source, "target": 250 - source}
    dataset_rows, inputs = frozenset({"source", "target"}), {"translated": "source"}
    assert not list(inversion(Preview(1, rows, dataset_rows, inputs)))


def test_the_correlation_of_a_flat_image_is_0() -> None:
    assert correlation(np.full((2, 8, 8, 3), 7.0), photographs(2, 8)) == 0


def test_an_output_that_equals_its_input_is_found() -> None:
    source = photographs(seed=1)
    (detection,) = unchanged_translations(make_preview(source + 0.5, source=source))
    assert (detection.failure, detection.value) == ("output equals input", pytest.approx(0.5))
    assert not list(unchanged_translations(make_preview(source + 20, source=source)))


def test_an_unchanged_output_is_no_failure_if_target_and_input_are_equal() -> None:
    row = photographs()
    rows = {"source": row, "translated": row, "target": row}
    dataset_rows = frozenset({"source", "target"})
    assert not list(
        unchanged_translations(Preview(1, rows, dataset_rows, {"translated": "source"}))
    )


def test_a_tint_is_found_with_its_colour() -> None:
    target = np.random.default_rng(0).normal(120, 5, (4, 1, 1, 1)) + np.zeros((4, 32, 32, 3))
    rows = {
        "source": photographs(),
        "translated": target + np.array([60.0, 0, 0]),
        "target": target,
    }
    dataset_rows, inputs = frozenset({"source", "target"}), {"translated": "source"}
    (detection,) = tint(Preview(1, rows, dataset_rows, inputs))
    assert (detection.failure, detection.subject) == ("colour tint", "translated")
    assert "R +40, G -20, B -20 of 255 levels" in detection.evidence
    rows["translated"] = target + 30  # brighter, of the same colour
    assert not list(tint(Preview(1, rows, dataset_rows, inputs)))
