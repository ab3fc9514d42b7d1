"""Baselines give the images that are calculated by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray

from translate.evaluate import baselines
from translate.evaluate.images.outputs import Outputs
from translate.evaluate.images.run_images import RunImages


def gray(level: int, side: int = 16) -> NDArray[np.uint8]:
    return np.full((side, side, 3), level, np.uint8)


def test_one_colour_shift_is_fitted_for_all_images() -> None:
    shifted = baselines.shift_colours([gray(20), gray(60)], [gray(50), gray(90)])
    assert [image[0, 0, 0] for image in shifted] == [50, 90]
    halfway = baselines.shift_colours([gray(20), gray(60)], [gray(30), gray(50)])
    assert [image[0, 0, 0] for image in halfway] == [20, 60]


def test_transferred_images_have_the_mean_and_the_deviation_of_the_target() -> None:
    random = np.random.default_rng(0)
    source, target = (
        random.integers(90, high, (16, 16, 3)).astype(np.uint8) for high in (130, 160)
    )
    (image,) = baselines.transfer_colour_statistics([source], [target])
    assert image.mean() == pytest.approx(target.mean(), abs=0.5)
    assert image.std() == pytest.approx(target.std(), abs=0.5)


def test_the_mean_image_has_the_mean_of_each_pixel() -> None:
    assert (baselines.mean_image([gray(10), gray(30)]) == 20).all()


def test_repeated_images_are_spread_evenly_over_the_training_images() -> None:
    images = [gray(level) for level in range(20)]
    levels = [image[0, 0, 0] for image in baselines.repeat_images(images, 5, different=4)]
    assert levels == [0, 5, 10, 15, 0]
    assert len(baselines.repeat_images(images[:3], 4)) == 4


def test_an_image_covers_the_size_and_keeps_its_centre() -> None:
    image = gray(0)
    image[:, 4:12] = 100
    fitted = baselines.resize_and_crop(image, (32, 16))
    assert fitted.shape == (32, 16, 3)
    assert (fitted[:, 4:12] == 100).all()


def test_training_images_are_not_compared_with_the_nearest_training_image() -> None:
    image = np.zeros((8, 8, 3), np.uint8)
    outputs = Outputs(["a"], [image], [image], [image + 9])
    train = RunImages(["a"], (), [image + 9], [image], "pairs")
    for trained_on in (False, True):
        names = baselines.of_translation(outputs, train, comparable=True, trained_on=trained_on)
        assert ("nearest training image" in names) is not trained_on
