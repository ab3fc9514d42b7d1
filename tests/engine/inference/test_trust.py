"""Maps of trust show the largest difference of each pixel, at the size of the output."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from translate.engine.inference.trust import Trust, map_path, measure_finite


def levels_of(differences: list[np.ndarray], size: tuple[int, int]) -> np.ndarray:
    """Return the gray levels of the map of these differences."""
    data = Trust({}, differences).map(size)
    assert data is not None
    return np.asarray(Image.open(io.BytesIO(data)))


def test_a_difference_of_a_quarter_of_the_range_is_white() -> None:
    differences = np.array([[0, 0.1, 0.25, 1]], np.float32)
    assert levels_of([differences], (1, 4)).tolist() == [[0, 102, 255, 255]]


def test_the_larger_difference_counts_at_the_size_of_the_output() -> None:
    one, other = np.zeros((2, 2), np.float32), np.zeros((2, 2), np.float32)
    one[0], other[:, 0] = 0.1, 0.2
    assert levels_of([one, other], (2, 2)).tolist() == [[204, 102], [204, 0]]
    assert levels_of([one], (6, 8)).shape == (6, 8)


def test_there_is_no_map_without_differences() -> None:
    assert Trust({"distance": 1.0}, []).map((4, 4)) is None


def test_a_map_has_the_whole_name_of_its_output() -> None:
    assert map_path(Path("out/a.jpg")) == Path("out/a.jpg.trust.png")


def test_outputs_that_are_not_finite_are_not_measured() -> None:
    class CountingMeter:
        def measure(self, inputs, outputs):
            return [Trust({"trust": float(len(inputs))}, []) for _ in outputs]

    image = np.zeros((2, 2, 3), np.uint8)
    trusts = measure_finite(CountingMeter(), [image] * 3, [image, None, image])
    assert [trust and trust.scores["trust"] for trust in trusts] == [2.0, None, 2.0]
    assert measure_finite(None, [image], [image]) == [None]
