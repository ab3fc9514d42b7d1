"""Samples that are copies of training images."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import small_runs

from translate.insight import copies
from translate.insight.copies import copied_images, nearest_distances
from translate.insight.history import History, read_history


def test_the_nearest_image_is_at_the_root_mean_square_distance() -> None:
    images = np.array([[0.0, 0.0], [30.0, 40.0]], np.float32)
    others = np.array([[3.0, 4.0], [30.0, 40.0], [100.0, 100.0]], np.float32)
    assert nearest_distances(images, others) == pytest.approx([np.sqrt(12.5), 0])
    assert nearest_distances(others[:1], others, skip_self=True) == pytest.approx(
        [np.sqrt((27**2 + 36**2) / 2)]
    )


@pytest.fixture
def history(image_folder: Callable[..., Path], tmp_path: Path) -> History:
    image_folder("a", 6, size=8)
    network = {"name": "mlp", "width": 8, "layers": 1}
    flags = {"options__generator": network, "options__discriminator": network}
    config = small_runs.config(tmp_path, "gan", data__domains=["a"], data__size=8, **flags)
    small_runs.train(config, tmp_path / "run")
    return read_history(tmp_path / "run")


def test_samples_of_an_untrained_generator_are_no_copies(history: History) -> None:
    assert list(copied_images(history)) == []


def test_samples_that_equal_training_images_are_copies(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = copies._training_images(history)
    pixels = [row.reshape(8, 8, 3).astype(np.uint8) for row in real]
    monkeypatch.setattr(copies, "draw_images", lambda *_: iter(pixels * 5))
    (detection,) = copied_images(history)
    assert (detection.failure, detection.value, detection.since_step) == (
        "copied training images",
        0,
        4,
    )
    assert "the nearest of 6 training images differs by 0.0 of 255 levels" in detection.evidence


def test_missing_training_images_are_reported(history: History, tmp_path: Path) -> None:
    for path in (tmp_path / "a").iterdir():
        path.unlink()
    assert list(copied_images(history)) == []
    assert history.omissions[-1].startswith("copied training images: ")


def test_a_recipe_that_draws_nothing_is_not_examined(small_run: Path) -> None:
    history = read_history(small_run)
    assert list(copied_images(history)) == []
    assert not any(line.startswith("copied") for line in history.omissions)
