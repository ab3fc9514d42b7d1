"""Maps of trust: brightness is the larger difference, at the size of the output."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from translate.engine.inference.trust import Trust, map_path, measure_finite


def decoded(data: bytes | None) -> np.ndarray:
    assert data is not None
    return np.asarray(Image.open(io.BytesIO(data)))


def test_a_quarter_of_the_range_is_white() -> None:
    levels = np.array([[0, 0.1, 0.25, 1]], np.float32)
    assert decoded(Trust({}, [levels]).map((1, 4))).tolist() == [[0, 102, 255, 255]]


def test_the_larger_difference_counts_at_the_size_of_the_output() -> None:
    one, other = np.zeros((2, 2), np.float32), np.zeros((2, 2), np.float32)
    one[0], other[:, 0] = 0.1, 0.2
    found = decoded(Trust({}, [one, other]).map((2, 2)))
    assert found.tolist() == [[204, 102], [204, 0]]
    assert decoded(Trust({}, [one]).map((6, 8))).shape == (6, 8)


def test_there_is_no_map_without_differences() -> None:
    assert Trust({"distance": 1.0}, []).map((4, 4)) is None


def test_a_map_has_the_whole_name_of_its_output() -> None:
    assert map_path(Path("out/a.jpg")) == Path("out/a.jpg.trust.png")


def test_outputs_that_are_not_finite_are_not_measured() -> None:
    class Counting:
        def measure(self, inputs, outputs):
            return [Trust({"trust": float(len(inputs))}, []) for _ in outputs]

    image = np.zeros((2, 2, 3), np.uint8)
    found = measure_finite(Counting(), [image] * 3, [image, None, image])
    assert [each and each.scores["trust"] for each in found] == [2.0, None, 2.0]
    assert measure_finite(None, [image], [image]) == [None]
