"""Outputs that are nearly equal for different inputs are a mode collapse."""

import numpy as np
import pytest
from histories import make_preview, photographs

from translate.engine.diagnosis.detectors.diversity import collapse, mean_distance
from translate.engine.diagnosis.preview import Preview


def test_the_distance_of_images_is_a_mean_over_pairs() -> None:
    levels = np.array([0.0, 10.0, 10.0]).reshape(3, 1, 1, 1) * np.ones((3, 4, 4, 3))
    assert mean_distance(levels) == pytest.approx(20 / 3)
    assert mean_distance(levels[:1]) == 0


def test_nearly_equal_outputs_for_different_inputs_are_a_collapse() -> None:
    nearly_equal = photographs()[:1] + 0.1 * photographs(seed=3)
    (detection,) = collapse(make_preview(nearly_equal))
    assert (detection.failure, detection.subject) == ("mode collapse", "translated")
    assert "the 4 images of the row 'translated' differ by" in detection.evidence
    assert "those of 'source' by" in detection.evidence


def test_samples_are_compared_with_real_images_or_else_with_each_other() -> None:
    real, equal = photographs(), np.full((32, 32, 32, 3), 90.0)
    (detection,) = collapse(Preview(1, {"real": real, "samples": equal}, frozenset({"real"}), {}))
    assert detection.value == 0
    (detection,) = collapse(Preview(1, {"samples": equal}, frozenset(), {}))
    assert detection.value == 0


def test_diverse_outputs_and_equal_outputs_for_equal_inputs_are_no_collapse() -> None:
    assert not list(collapse(make_preview(photographs(seed=4))))
    assert not list(collapse(make_preview(photographs(seed=4) / 3)))
    equal = np.repeat(photographs()[:1], 4, axis=0)
    assert not list(collapse(make_preview(equal, source=equal)))
    assert not list(collapse(make_preview(photographs()[:1])))  # a single image
