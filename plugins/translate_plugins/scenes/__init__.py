"""Sample domains of rendered landscapes: summer, winter, label maps, and motion blur.

Each domain renders random scenes. `labels` is paired with `summer`, and `blurred` with `sharp`;
`winter` is paired with `summer` only in the test split.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random

from numpy.typing import NDArray

from translate import hookimpl
from translate_plugins.scenes.camera_shake import blur_by_camera_shake
from translate_plugins.scenes.canvas import Bytes
from translate_plugins.scenes.captions import describe
from translate_plugins.scenes.compose import compose
from translate_plugins.scenes.labels import label
from translate_plugins.scenes.painting import paint
from translate_plugins.scenes.palettes import SUMMER, WINTER
from translate_plugins.scenes.scene import Scene

VERSION = 1
"""version of the images: increase it when any pixel changes, so that old copies are replaced"""

SPLITS = {"train": 200, "test": 40}
"""number of images, by split"""


@hookimpl
def register_domains() -> Mapping[str, Callable[[], Iterator[tuple[str, NDArray | bytes]]]]:
    return {name: _named_domain(rendering) for name, rendering in RENDERINGS.items()}


def _named_domain(rendering: Rendering) -> partial[Iterator[tuple[str, NDArray | bytes]]]:
    factory = partial(draw, rendering)
    factory.__doc__ = rendering.summary
    # test images of domains with equal scenes are pairs
    factory.__dict__["scenes"] = rendering.test_seed
    return factory


@dataclass(frozen=True)
class Rendering:
    """One way to render scenes: a sample domain."""

    train_seed: str
    """seed of the training scenes; renderings with equal seeds are paired"""
    test_seed: str
    """seed of the test scenes"""
    render: Callable[[Scene, str], Bytes]
    """returns the image of a scene; the text is a seed for further random numbers"""
    caption: Callable[[Scene], str]
    """returns the caption of a scene"""
    summary: str
    """the description in ``translate show``"""

    def seed(self, split: str, file: str) -> str:
        """Return the seed of one image."""
        return f"{self.train_seed if split == 'train' else self.test_seed}/{split}/{file}"


def draw(rendering: Rendering) -> Iterator[tuple[str, NDArray | bytes]]:
    """Yield the path and content of each image of a domain, and of each split's captions.jsonl."""
    for split, count in SPLITS.items():
        lines = []
        for number in range(1, count + 1):
            file = f"{number:04}.png"
            seed = rendering.seed(split, file)
            scene = compose(seed)
            lines.append(json.dumps({"file": file, "text": rendering.caption(scene)}) + "\n")
            yield f"{split}/{file}", rendering.render(scene, seed)
        yield f"{split}/captions.jsonl", "".join(lines).encode()


def _summer(scene: Scene, _: str) -> Bytes:
    return paint(scene, SUMMER)


def _winter(scene: Scene, _: str) -> Bytes:
    return paint(scene, WINTER)


def _labels(scene: Scene, _: str) -> Bytes:
    return label(scene)


def _blurred_scene(scene: Scene, seed: str) -> Bytes:
    return blur_by_camera_shake(paint(scene, SUMMER), Random(f"{seed}/shake"))


def _caption_with_ending(ending: str, *, snow: bool = False) -> Callable[[Scene], str]:
    return lambda scene: f"{describe(scene, snow=snow)}, {ending}"


RENDERINGS = {
    "summer": Rendering(
        train_seed="summer",
        test_seed="seasons",
        render=_summer,
        caption=_caption_with_ending("in summer"),
        summary="Rendered landscapes in summer, 256x256.",
    ),
    "winter": Rendering(
        train_seed="winter",
        test_seed="seasons",
        render=_winter,
        caption=_caption_with_ending("in winter", snow=True),
        summary="Rendered landscapes in winter, not paired with summer in training, 256x256.",
    ),
    "labels": Rendering(
        train_seed="summer",
        test_seed="seasons",
        render=_labels,
        caption=_caption_with_ending("as a map of classes"),
        summary="Label maps in colour, paired with summer, 256x256.",
    ),
    "sharp": Rendering(
        train_seed="shaken",
        test_seed="shaken",
        render=_summer,
        caption=_caption_with_ending("in summer"),
        summary="Rendered landscapes, 256x256.",
    ),
    "blurred": Rendering(
        train_seed="shaken",
        test_seed="shaken",
        render=_blurred_scene,
        caption=_caption_with_ending("in summer, blurred"),
        summary="Landscapes with motion blur, paired with sharp, 256x256.",
    ),
}
