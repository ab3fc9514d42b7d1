"""Scenes with houses and trees; their outlines are the same in every rendering.

Coordinates are pixels of the image, 256x256, with y downwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from translate_plugins.scenes.canvas import SIDE, Point, point
from translate_plugins.scenes.landforms import Cloud, Lake, Path, Peak, Sun, Wave

Walls = Literal["red", "yellow", "white", "blue"]
Roof = Literal["tile", "slate", "thatch"]
Clump = tuple[float, float, float]
"""a round part of a leafy crown: x, y and radius"""


@dataclass(frozen=True)
class House:
    """A house that shows its gable and a long wall."""

    x: float
    """left edge"""
    base: float
    """y coordinate of the lower edge"""
    width: float
    walls: Walls
    roof: Roof
    facing: int
    """side of the gable: -1 for the left, 1 for the right"""

    def box(self) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom."""
        return self.x, self.base - 0.9 * self.width, self.x + self.width, self.base

    def at(self, across: float, up: float) -> Point:
        """Return a point, in fractions of the width: across from the gable, up from the base."""
        start = self.x if self.facing < 0 else self.x + self.width
        return point(start - self.facing * across * self.width, self.base - up * self.width)

    def shape(self, *corners: tuple[float, float]) -> list[Point]:
        """Return the points at several (across, up), see `at`."""
        return [self.at(across, up) for across, up in corners]

    def block(self, across: float, up: float, width: float, height: float) -> list[Point]:
        """Return the corners of a rectangle, in fractions of the width of the house."""
        right, top = across + width, up + height
        return self.shape((across, up), (right, up), (right, top), (across, top))

    def gable(self) -> list[Point]:
        return self.shape((0.02, 0), (0.02, 0.4), (0.22, 0.72), (0.42, 0.4), (0.42, 0))

    def long_wall(self) -> list[Point]:
        return self.shape((0.42, 0), (0.42, 0.42), (0.98, 0.42), (0.98, 0))

    def roof_outline(self) -> list[Point]:
        return self.shape((0.22, 0.76), (0.84, 0.76), (1.03, 0.37), (0.45, 0.37))

    def verge(self) -> list[Point]:
        """Return the edge of the roof over the gable."""
        return self.shape((0.0, 0.37), (0.22, 0.73), (0.44, 0.37))

    def chimney(self) -> list[Point]:
        return self.block(0.62, 0.68, 0.09, 0.2)

    def door(self) -> list[Point]:
        return self.block(0.155, 0, 0.13, 0.26)

    def windows(self) -> list[list[Point]]:
        in_long_wall = [self.block(across, 0.13, 0.13, 0.15) for across in (0.53, 0.76)]
        in_gable = self.block(0.17, 0.41, 0.1, 0.12)
        return [*in_long_wall, in_gable]


@dataclass(frozen=True)
class Tree:
    """A tree with the foot of its trunk at (x, base)."""

    kind: Literal["fir", "leafy"]
    x: float
    base: float
    height: float
    clumps: tuple[Clump, ...] = ()
    """parts of a leafy crown, from the back to the front"""

    def trunk(self) -> list[Point]:
        half, foot = self.height * 0.035, self.height * 0.052
        top = self.base - self.height * (0.2 if self.kind == "fir" else 0.5)
        x, base = self.x, self.base
        return [(x - foot, base), (x - half, top), (x + half, top), (x + foot, base)]

    def layers(self, upper_fraction: float = 1.0) -> list[list[Point]]:
        """Return the outlines of a fir's layers, lowest first, or of the upper part of each."""
        outlines = []
        for low, high, reach in ((0.13, 0.52, 0.27), (0.34, 0.76, 0.21), (0.58, 1.0, 0.14)):
            tip = self.base - high * self.height
            layer_height = (high - low) * self.height * upper_fraction
            half_width = reach * self.height * upper_fraction
            hem = [
                point(
                    self.x + half_width * (1 - step / 4),
                    tip + layer_height * (1 - 0.09 * (step % 2)),
                )
                for step in range(9)
            ]
            outlines.append([(self.x, tip), *hem])
        return outlines

    def box(self) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom."""
        half = self.height * (0.27 if self.kind == "fir" else 0.36)
        return self.x - half, self.base - self.height, self.x + half, self.base


@dataclass(frozen=True)
class Scene:
    """A landscape, which is painted in a season or drawn as a label map."""

    horizon: float
    """y coordinate of the horizon"""
    sun: Sun
    clouds: tuple[Cloud, ...]
    peaks: tuple[Peak, ...]
    hills: Wave
    meadow: Wave
    rises: tuple[Wave, ...]
    """slopes in the meadow, from far to near"""
    lake: Lake | None
    path: Path | None
    houses: tuple[House, ...]
    trees: tuple[Tree, ...]
    tufts: tuple[Point, ...]
    """positions of flowers"""

    def standing_objects(self) -> list[House | Tree]:
        """Return houses and trees from the back to the front."""
        return sorted((*self.houses, *self.trees), key=lambda thing: thing.base)

    def tuft_size(self, y: float) -> float:
        """Return the height of a flower at `y`: larger in the foreground."""
        return 4 + 6 * (y - self.horizon) / (SIDE - self.horizon)
