"""Parts of a landscape: sun, clouds, mountains, hills, lake and path, with their outlines.

Coordinates are pixels of the image, 256x256, with y downwards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from translate_plugins.scenes.canvas import SIDE, Point, ellipse, point


@dataclass(frozen=True)
class Sun:
    """The sun, around (x, y)."""

    x: float
    y: float
    radius: float

    def disc(self) -> list[Point]:
        return ellipse(self.x, self.y, self.radius, self.radius)

    @property
    def side(self) -> int:
        """The side of the image that light comes from: -1 for the left, 1 for the right."""
        return -1 if self.x < SIDE / 2 else 1


@dataclass(frozen=True)
class Cloud:
    """A cloud around (x, y)."""

    x: float
    y: float
    width: float

    def box(self) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom."""
        up, down = self.width * 0.3, self.width * 0.2
        return self.x - self.width / 2, self.y - up, self.x + self.width / 2, self.y + down

    def puffs(self) -> list[list[Point]]:
        """Return the outlines of the cloud's parts, the flat base last."""
        x, y, width = self.x, self.y, self.width
        shape = ((-0.3, 0.0, 0.2), (0.32, 0.02, 0.17), (-0.08, -0.1, 0.22), (0.14, -0.05, 0.2))
        puffs = [
            ellipse(x + across * width, y + down * width, size * width, size * width * 0.72)
            for across, down, size in shape
        ]
        return [*puffs, ellipse(x, y + width * 0.07, width / 2, width * 0.1)]


@dataclass(frozen=True)
class Peak:
    """A mountain with its summit at (x, top)."""

    x: float
    top: float
    base: float
    half_width: float

    def outline(self) -> list[Point]:
        left, right = self.x - self.half_width, self.x + self.half_width
        return [(left, self.base), (self.x, self.top), (right, self.base)]

    def shaded_side(self, side: int) -> list[Point]:
        """Return the outline of the shaded part; light comes from `side`, as in `Sun.side`."""
        height, width = self.base - self.top, -side * self.half_width
        ridge = ((0, 0), (-0.08, 0.25), (0.06, 0.45), (-0.06, 0.7), (0.04, 1), (1, 1))
        return [point(self.x + width * across, self.top + height * down) for across, down in ridge]


@dataclass(frozen=True)
class Wave:
    """A wavy line from the left to the right edge: the crest of hills or of a slope."""

    y: float
    """y coordinate of the lowest point that the line may have"""
    height: float
    """largest elevation above `y`"""
    half_waves: float
    """number of half periods over the width of the image"""
    phase: float

    def crest(self) -> list[Point]:
        return [point(x, self.y_at(x)) for x in range(-8, SIDE + 17, 8)]

    def y_at(self, x: float) -> float:
        angle = self.half_waves * x / SIDE * math.pi + self.phase
        elevation = 0.5 + 0.32 * math.sin(angle) + 0.18 * math.sin(2.3 * angle + 1)
        return self.y - self.height * elevation

    def area(self, depth: float) -> list[Point]:
        """Return the outline of the area between the crest and a line `depth` below `y`."""
        return [*self.crest(), (SIDE + 16, self.y + depth), (-8, self.y + depth)]


@dataclass(frozen=True)
class Lake:
    """A lake around (x, y), an ellipse with bays."""

    x: float
    y: float
    rx: float
    """horizontal radius"""
    ry: float
    """vertical radius"""
    phase: float
    """angle that shifts the bays, in radians"""

    def outline(self, margin: float = 0.0) -> list[Point]:
        """Return the outline, `margin` pixels further out vertically, twice that horizontally."""
        shore = []
        for corner in range(56):
            angle = 2 * math.pi * corner / 56
            bays = 0.08 * math.sin(2 * angle + self.phase) + 0.05 * math.sin(3 * angle - self.phase)
            rx, ry = self.rx * (1 + bays) + 2 * margin, self.ry * (1 + bays) + margin
            shore.append(point(self.x + rx * math.cos(angle), self.y + ry * math.sin(angle)))
        return shore

    def contains(self, x: float, y: float, scale: float = 1.2) -> bool:
        """Return whether (x, y) is in the ellipse with radii `scale` times as long."""
        dx, dy = (x - self.x) / (self.rx * scale), (y - self.y) / (self.ry * scale)
        return dx * dx + dy * dy < 1


@dataclass(frozen=True)
class Path:
    """A path from (x, y) down to the lower edge."""

    x: float
    y: float
    end: float
    """x coordinate at the lower edge"""
    sway: float
    """amplitude of the bends"""
    half_width: float
    """half the width at its start"""

    def centre_line(self) -> list[tuple[float, float, float]]:
        """Return (x, y, half the width of the path) at points on the centre line."""
        centre_line = []
        for t in (number / 24 for number in range(25)):
            bend = self.sway * math.sin(6.0 * t) * t
            x = self.x + (self.end - self.x) * t * t + bend
            y = self.y + (SIDE + 6 - self.y) * t
            centre_line.append((x, y, self.half_width + 13 * t * t))
        return centre_line

    def outline(self) -> list[Point]:
        centre_line = self.centre_line()
        left = [point(x - half, y) for x, y, half in centre_line]
        return left + [point(x + half, y) for x, y, half in reversed(centre_line)]
