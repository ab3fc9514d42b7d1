"""Captioned scenes of the sample domains, generated at any size, and captions as numbers."""

import re
from collections import defaultdict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from translate.images.resize import resize_pixels
from translate_plugins.scenes import RENDERINGS, SPLITS
from translate_plugins.scenes.captions import NUMBERS
from translate_plugins.scenes.compose import compose

Images = NDArray[np.uint8]
SEASONS = ("summer", "winter")
COLOURS = ("red", "yellow", "white", "blue")
FEW, MANY = 2, 4
"""numbers of trees; three are neither"""


class Attributes(NamedTuple):
    """The content of a caption, as numbers."""

    season: int
    """1: winter"""
    lake: int
    sun: int
    """1: low"""
    trees: int
    """how many"""
    houses: int
    colours: tuple[int, ...]
    """of walls, in the order of `COLOURS`: 1 where a house has it"""


class CaptionedImages(NamedTuple):
    """Images (N, side, side, 3) and their captions."""

    images: Images
    captions: list[str]


def parse(caption: str) -> Attributes:
    """Return the attributes in the caption of a summer or winter scene."""
    number = "|".join(NUMBERS)
    trees = re.findall(rf"\b({number}) (?:fir|leafy tree|bare tree)s?\b", caption)
    houses = re.findall(rf"\b({number}) ({'|'.join(COLOURS)}) houses?\b", caption)
    colours = {colour for _, colour in houses}
    return Attributes(
        season=int("in winter" in caption),
        lake=int("lake" in caption),
        sun=int("under a low sun" in caption),
        trees=sum(map(NUMBERS.index, trees)),
        houses=sum(NUMBERS.index(count) for count, _ in houses),
        colours=tuple(int(colour in colours) for colour in COLOURS),
    )


def held_out_captions() -> list[str]:
    """Return the captions of the test scenes, which no recipe is trained on."""
    names = [f"{number:04}.png" for number in range(1, SPLITS["test"] + 1)]
    return [
        rendering.caption(compose(rendering.seed("test", name)))
        for rendering in map(RENDERINGS.get, SEASONS)
        for name in names
    ]


def generate(count: int, side: int, seed: str = "judge") -> CaptionedImages:
    """Return `count` scenes, alternately in summer and winter."""
    scenes = [_scene(f"{seed}/{i}", SEASONS[i % 2], side) for i in range(count)]
    images, captions = zip(*scenes, strict=True)
    return CaptionedImages(np.stack(images), list(captions))


def generate_groups(
    side: int, *, captions: int = 40, each: int = 4, among: int = 15_000
) -> CaptionedImages:
    """Return groups of scenes with one caption: images (captions, each, side, side, 3).

    The scenes of every second caption are in summer.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for number in range(among):
        seed = f"alike/{number}"
        groups[RENDERINGS[SEASONS[0]].caption(compose(seed))].append(seed)
    common = sorted(group[:each] for group in groups.values() if len(group) >= each)
    indices = np.random.default_rng(0).permutation(len(common))[:captions]
    sets = [
        [_scene(seed, SEASONS[place % 2], side) for seed in common[index]]
        for place, index in enumerate(indices)
    ]
    images = np.stack([[image for image, _ in group] for group in sets])
    return CaptionedImages(images, [group[0][1] for group in sets])


def _scene(seed: str, season: str, side: int) -> tuple[Images, str]:
    scene, rendering = compose(seed), RENDERINGS[season]
    return resize_pixels(rendering.render(scene, seed), (side, side)), rendering.caption(scene)
