"""The images and captions of the sample domains of scenes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from random import Random

import cv2
import numpy as np
import pytest
from metric_values import value_of
from numpy.typing import NDArray

from translate.images.tensors import as_tensor
from translate_plugins.scenes import RENDERINGS, draw, register_domains
from translate_plugins.scenes.camera_shake import (
    EXTENT,
    POSITIONS,
    blur_by_camera_shake,
    camera_path,
)
from translate_plugins.scenes.captions import describe
from translate_plugins.scenes.compose import HORIZON, compose
from translate_plugins.scenes.labels import CLASSES, WALLS, label
from translate_plugins.scenes.scene import Scene

FIRST_IMAGES = {
    "summer": "3f3cc58b464d633f79f6ffb960860751773cfe4f543c9ffb43be0e41d9ac98c0",
    "winter": "4354b1d7ce298a4888ccfb11b33cd81eea5a252f24ea4c0ff6e8136b6b0b744b",
    "labels": "7df162a264f227ef750073590f6ca2614c1ab80772bc4395337ce7201350e6dd",
    "sharp": "95990ba41d9c48a5d8a36e5354398aad74dc6e3eecb637bf53ad5e0fbd9bb2c3",
    "blurred": "f61b7653e74c643827c22af1fbc53f66af98affb0f0a6ff386fc4ee7536bfdcd",
}
NAMES = [f"{number:04}.png" for number in range(1, 201)]


def render(domain: str, split: str, file: str) -> NDArray[np.uint8]:
    rendering = RENDERINGS[domain]
    seed = rendering.seed(split, file)
    return rendering.render(compose(seed), seed)


def scenes(domain: str, split: str, count: int) -> Iterator[Scene]:
    return (compose(RENDERINGS[domain].seed(split, file)) for file in NAMES[:count])


def captions(domain: str) -> dict[str, list[dict[str, str]]]:
    """Read a domain's captions by split, without rendering its images."""
    blank = np.zeros((256, 256, 3), np.uint8)
    offers = dict(draw(replace(RENDERINGS[domain], render=lambda *_: blank)))
    return {
        split: [json.loads(line) for line in bytes(offers[f"{split}/captions.jsonl"]).splitlines()]
        for split in ("train", "test")
    }


def psnr(image: NDArray, target: NDArray) -> float:
    fake, real = (as_tensor(pixels.astype(np.float32))[None] for pixels in (image, target))
    return value_of("psnr", fake=fake, target=real)


def mask_of(labels: NDArray[np.uint8], colour: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Return the mask of the pixels of a label map that have the colour of a class."""
    return (labels == np.array(colour, np.uint8)).all(axis=2)


def test_a_domain_has_200_training_and_40_test_images_with_captions() -> None:
    offers = dict(register_domains()["labels"]())
    expected = {f"train/{name}" for name in NAMES} | {f"test/{name}" for name in NAMES[:40]}
    assert set(offers) == expected | {"train/captions.jsonl", "test/captions.jsonl"}
    for path in expected:
        pixels = offers[path]
        assert isinstance(pixels, np.ndarray)
        assert pixels.shape == (256, 256, 3)
        assert pixels.dtype == np.uint8


@pytest.mark.parametrize("domain", FIRST_IMAGES)
def test_the_first_image_has_the_same_bytes_on_every_machine(domain: str) -> None:
    for _ in range(2):
        path, pixels = next(register_domains()[domain]())
        assert path == "train/0001.png"
        assert sha256(bytes(pixels)).hexdigest() == FIRST_IMAGES[domain]


@pytest.mark.parametrize("domain", RENDERINGS)
def test_every_image_has_a_caption(domain: str) -> None:
    lines = captions(domain)
    assert [line["file"] for line in lines["train"]] == NAMES
    assert [line["file"] for line in lines["test"]] == NAMES[:40]
    assert all(line["text"] for line in lines["train"] + lines["test"])


def test_captions_name_the_visible_objects_only() -> None:
    for scene in scenes("summer", "test", 40):
        text, classes = describe(scene), label(scene)
        walls = [colour for name, colour in WALLS.items() if f"{name} house" in text]
        assert ("house" in text) == bool(scene.houses) == bool(walls)
        assert all(mask_of(classes, colour).any() for colour in walls)
        for word, name in [
            ("lake", "lake"), ("path", "path"), ("fir", "fir"), ("leafy tree", "leafy"),
            ("mountain", "peak"), ("cloud", "cloud"), ("sun", "sun"),
        ]:  # fmt: skip
            assert (word in text) == mask_of(classes, CLASSES[name]).any(), text


def test_lakes_are_frozen_and_leafy_trees_are_bare_in_captions_of_winter() -> None:
    summer, winter = ([c["text"] for c in captions(name)["test"]] for name in ("summer", "winter"))
    for summer_text, winter_text in zip(summer, winter, strict=True):
        assert ("by a lake" in summer_text) == ("by a frozen lake" in winter_text)
        assert ("leafy tree" in summer_text) == ("bare tree" in winter_text)


def eroded_mask(file: str, class_name: str, side: int) -> NDArray[np.bool_]:
    """Return the mask of a class in a test scene without its edges, which are antialiased."""
    mask = mask_of(render("labels", "test", file), CLASSES[class_name]).astype(np.uint8)
    return cv2.erode(mask, np.ones((side, side), np.uint8)) > 0


def test_test_scenes_are_the_same_in_summer_winter_and_labels() -> None:
    for file in NAMES[:12]:
        sky, meadow = eroded_mask(file, "sky", 3), eroded_mask(file, "meadow", 9)
        summer, winter = render("summer", "test", file), render("winter", "test", file)
        red, _, blue = np.moveaxis(summer[sky].astype(int), 1, 0)
        assert np.mean(blue > red - 60) > 0.99  # the sun's halo is yellow
        assert summer[sky].mean() > winter[sky].mean() + 15
        assert winter[meadow].mean() > summer[meadow].mean() + 60  # of snow


def test_training_scenes_of_summer_are_those_of_labels_but_not_those_of_winter() -> None:
    summer, winter = (list(scenes(name, "train", 200)) for name in ("summer", "winter"))
    assert not {scene.sun for scene in summer} & {scene.sun for scene in winter}
    assert summer == list(scenes("labels", "train", 200))


def test_the_horizon_varies_between_its_bounds() -> None:
    horizons = [scene.horizon / 256 for scene in scenes("summer", "train", 200)]
    assert min(horizons) >= HORIZON[0] - 0.001
    assert max(horizons) <= HORIZON[1] + 0.001
    assert np.ptp(horizons) > 0.4


def test_a_label_map_has_only_colours_of_classes() -> None:
    pixels = render("labels", "test", NAMES[0]).reshape(-1, 3)
    assert len(np.unique(pixels, axis=0)) < 25


def test_blurred_is_sharp_with_camera_shake() -> None:
    for file in NAMES[:12]:
        blurred, sharp = render("blurred", "test", file), render("sharp", "test", file)
        assert np.abs(blurred.mean(axis=(0, 1)) - sharp.mean(axis=(0, 1))).max() < 1
        assert 15 < psnr(blurred, sharp) < 35


def test_camera_shake_spreads_a_point_along_its_path() -> None:
    dot = np.zeros((64, 64, 3), np.uint8)
    dot[32, 32] = 255
    path = camera_path(Random("path"))
    path_image = blur_by_camera_shake(dot, Random("path"))[..., 0]
    assert len(path) == POSITIONS
    for right, down in set(path):
        visits = path.count((right, down))
        assert abs(int(path_image[32 - down, 32 - right]) - 255 * visits / POSITIONS) <= 0.5
    assert np.count_nonzero(path_image) == len(set(path))


def test_paths_of_camera_shake_have_an_extent_in_the_documented_range() -> None:
    for seed in range(50):
        extent = max(np.ptp(np.array(camera_path(Random(seed))), axis=0))
        assert EXTENT[0] - 1 <= extent <= EXTENT[1] + 1


@pytest.mark.slow
def test_the_source_and_the_average_winter_image_have_a_low_psnr() -> None:
    def small(domain: str, split: str, count: int) -> NDArray:
        images = (render(domain, split, file) for file in NAMES[:count])
        return np.stack([cv2.resize(p, (64, 64), interpolation=cv2.INTER_AREA) for p in images])

    sources, targets = small("summer", "test", 40), small("winter", "test", 40)
    average = small("winter", "train", 60).mean(axis=0)
    assert np.mean([psnr(average, target) for target in targets]) <= 15
    assert np.mean([psnr(*pair) for pair in zip(sources, targets, strict=True)]) <= 10
