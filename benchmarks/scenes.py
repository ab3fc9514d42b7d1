"""Real captioned scenes, drawn anew at any size, and what their captions say in numbers."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from translate.images.resize import resize_pixels
from translate_plugins.scenes import RENDERINGS, SPLITS
from translate_plugins.scenes.captions import NUMBERS
from translate_plugins.scenes.compose import compose

Pictures = NDArray[np.uint8]
SEASONS = ("summer", "winter")
COLOURS = ("red", "yellow", "white", "blue")
FEW, MANY = 2, 4
"""trees; three are neither"""


class Told(NamedTuple):
    """What a caption says, as a judge of pictures can see it."""

    season: int
    """1: winter"""
    lake: int
    sun: int
    """1: low"""
    trees: int
    """how many"""
    houses: int
    colours: tuple[int, ...]
    """of walls, as `COLOURS` counts them: 1 where a house has it"""


class Captioned(NamedTuple):
    """Pictures (N, side, side, 3) and their captions."""

    pictures: Pictures
    captions: list[str]


def parse(caption: str) -> Told:
    """Return what a caption of a summer or winter scene says."""
    number = "|".join(NUMBERS)
    trees = re.findall(rf"\b({number}) (?:fir|leafy tree|bare tree)s?\b", caption)
    houses = re.findall(rf"\b({number}) ({'|'.join(COLOURS)}) houses?\b", caption)
    colours = {colour for _, colour in houses}
    return Told(
        season=int("in winter" in caption),
        lake=int("lake" in caption),
        sun=int("under a low sun" in caption),
        trees=sum(map(NUMBERS.index, trees)),
        houses=sum(NUMBERS.index(count) for count, _ in houses),
        colours=tuple(int(colour in colours) for colour in COLOURS),
    )


def held_out() -> list[str]:
    """Return the captions of the test scenes, which are trained on by no recipe."""
    names = [f"{number:04}.png" for number in range(1, SPLITS["test"] + 1)]
    return [
        rendering.caption(compose(rendering.seed("test", name)))
        for rendering in map(RENDERINGS.get, SEASONS)
        for name in names
    ]


def real(count: int, side: int, seed: str = "judge") -> Captioned:
    """Return `count` scenes, summer and winter in turn."""
    drawn = [_scene(f"{seed}/{i}", SEASONS[i % 2], side) for i in range(count)]
    pictures, captions = zip(*drawn, strict=True)
    return Captioned(np.stack(pictures), list(captions))


def alike(side: int, *, captions: int = 40, each: int = 4, among: int = 15_000) -> Captioned:
    """Return `each` scenes of one caption, and so on: (captions, each, side, side, 3).

    The scenes of half of the captions are in summer.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for number in range(among):
        seed = f"alike/{number}"
        groups[RENDERINGS[SEASONS[0]].caption(compose(seed))].append(seed)
    common = sorted(group[:each] for group in groups.values() if len(group) >= each)
    chosen = np.random.default_rng(0).permutation(len(common))[:captions]
    sets = [
        [_scene(seed, SEASONS[place % 2], side) for seed in common[group]]
        for place, group in enumerate(chosen)
    ]
    pictures = np.stack([[picture for picture, _ in same] for same in sets])
    return Captioned(pictures, [same[0][1] for same in sets])


def apart(pictures: Sequence[Pictures]) -> float:
    """Return the mean distance between two pictures of one set, over sets."""
    means = []
    for same in pictures:
        flat = same.reshape(len(same), -1).astype(np.float64)
        pairs = [np.linalg.norm(a - b) for i, a in enumerate(flat) for b in flat[:i]]
        means.append(np.mean(pairs))
    return float(np.mean(means))


def _scene(seed: str, season: str, side: int) -> tuple[Pictures, str]:
    scene, rendering = compose(seed), RENDERINGS[season]
    return resize_pixels(rendering.picture(scene, seed), (side, side)), rendering.caption(scene)
