"""Mode collapse."""

import numpy as np
import pytest
from histories import make_preview, photographs

from translate.engine.diagnosis.detectors.diversity import collapse, mean_distance
from translate.engine.diagnosis.preview import Preview


def test_the_distance_of_images_is_a_mean_over_pairs() -> None:
    levels = np.array([0.0, 10.0, 10.0]).reshape(3, 1, 1, 1) * np.ones((3, 4, 4, 3))
    assert mean_distance(levels) == pytest.approx(20 / 3)
    assert mean_distance(levels[:1]) == 0


def test_outputs_that_are_alike_for_different_inputs_are_a_collapse() -> None:
    nearly = photographs()[:1] + 0.1 * photographs(seed=3)
    (found,) = collapse(make_preview(nearly))
    assert (found.failure, found.subject) == ("mode collapse", "translated")
    assert "the 4 images of the row 'translated' differ by" in found.evidence
    assert "those of 'source' by" in found.evidence


def test_samples_are_compared_with_real_images_or_else_with_each_other() -> None:
    real, same = photographs(), np.full((32, 32, 32, 3), 90.0)
    (found,) = collapse(Preview(1, {"real": real, "samples": same}, frozenset({"real"}), {}))
    assert found.value == 0
    (found,) = collapse(Preview(1, {"samples": same}, frozenset(), {}))
    assert found.value == 0


def test_diverse_outputs_and_alike_inputs_are_no_collapse() -> None:
    assert not list(collapse(make_preview(photographs(seed=4))))
    assert not list(collapse(make_preview(photographs(seed=4) / 3)))
    alike = np.repeat(photographs()[:1], 4, axis=0)
    assert not list(collapse(make_preview(alike, source=alike)))
    assert not list(collapse(make_preview(photographs()[:1])))  # a single image
