"""Captions of scenes, such as "a red house by a lake under a high sun, two firs, hills"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from translate_plugins.scenes.scene import Scene

NUMBERS = ("no", "a", "two", "three", "four", "five", "six")
"""words for 0 to 6, the largest number of trees"""


def describe(scene: Scene, *, snow: bool = False) -> str:
    """Return the caption of a scene: houses, lake, sun, trees, ground, hills and clouds."""
    houses = [f"{house.walls} house" for house in scene.houses]
    lake = ("by a frozen lake" if snow else "by a lake") if scene.lake else ""
    is_sun_low = scene.sun.y > 0.42 * scene.horizon  # 0 is the upper edge; y is 0.22 to 0.6
    sun = f"under a {'low' if is_sun_low else 'high'} sun"
    leafy_tree = "bare tree" if snow else "leafy tree"
    trees = ["fir" if tree.kind == "fir" else leafy_tree for tree in scene.trees]
    ground = "snow" if snow else "a meadow"
    phrases = [
        " ".join(filter(None, (_count(houses) or ground, lake, sun))),
        _count(trees),
        "a winding path" if scene.path else "",
        "mountains" if scene.peaks else "hills",
        _count(["cloud"] * len(scene.clouds)),
    ]
    return ", ".join(filter(None, phrases))


def _count(things: Iterable[str]) -> str:
    """Return a phrase such as "two firs and a leafy tree"."""
    counts = Counter(things).most_common()
    return " and ".join(
        f"{NUMBERS[count]} {thing}{'s' if count > 1 else ''}" for thing, count in counts
    )
