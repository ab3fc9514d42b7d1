"""Random scenes, generated from a seed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from operator import itemgetter
from random import Random

from translate_plugins.scenes.canvas import SIDE, Point, point
from translate_plugins.scenes.landforms import Cloud, Lake, Path, Peak, Sun, Wave
from translate_plugins.scenes.scene import Clump, House, Roof, Scene, Tree, Walls

HORIZON = (0.25, 0.7)
"""range of the horizon's y coordinate, as a fraction of the height of the image"""
WALLS: tuple[Walls, ...] = ("red", "yellow", "white", "blue")
ROOFS: tuple[Roof, ...] = ("tile", "slate", "thatch")
Box = tuple[float, float, float, float]
"""left, top, right and bottom, in pixels"""


def compose(seed: str) -> Scene:
    """Return the scene of a seed; no object hides the sun or stands in water."""
    draw = RoundedRandom(Random(seed))
    site = _draw_site(draw)
    horizon, ground = site.horizon, SIDE - site.horizon
    _add_houses_(site, draw)
    _add_path_(site, draw)
    _add_trees_(site, draw)
    return Scene(
        horizon=horizon,
        sun=site.sun,
        clouds=_clouds(site, draw),
        peaks=_peaks(site, draw) if draw.chance(0.55) else (),
        hills=_wave(draw, horizon, horizon * draw(0.14, 0.3), (1.5, 3.2)),
        meadow=_wave(draw, horizon + 3, 7, (0.8, 2)),
        rises=tuple(
            _wave(draw, horizon + ground * depth, 5 + ground * depth * 0.12, (0.8, 2))
            for depth in (0.3, 0.75)
        ),
        lake=site.lake,
        path=site.path,
        houses=tuple(site.houses),
        trees=tuple(site.trees),
        tufts=_tufts(site, draw),
    )


@dataclass
class RoundedRandom:
    """Random numbers, rounded so that they are equal on every machine."""

    random: Random

    def __call__(self, low: float, high: float) -> float:
        """Return a number between `low` and `high`, with two decimals."""
        return round(self.random.uniform(low, high), 2)

    def chance(self, probability: float) -> bool:
        """Return true with this probability."""
        return self.random.random() < probability


@dataclass
class Site:
    """The parts of a scene while it is composed: each new part avoids the earlier ones."""

    horizon: float
    sun: Sun
    lake: Lake | None
    path: Path | None
    houses: list[House]
    trees: list[Tree]

    def y_at(self, depth: float) -> float:
        """Return the y coordinate at a depth from 0, the horizon, to 1, the lower edge."""
        return round(self.horizon + (SIDE - self.horizon) * depth, 2)

    def hides_sun(self, box: Box) -> bool:
        """Return whether an object in `box` would hide a part of the sun."""
        left, top, right, bottom = box
        x, y, radius = self.sun.x, self.sun.y, self.sun.radius
        return left - radius < x < right + radius and top - radius < y < bottom + radius

    def is_taken(self, x: float, y: float) -> bool:
        """Return whether there is water, a path or a house at a point or near it."""
        if self.lake and self.lake.contains(x, y, scale=1.25):
            return True
        centre_line = self.path.centre_line() if self.path else []
        return any(
            abs(y - path_y) < 8 and abs(x - path_x) < half_width + 6
            for path_x, path_y, half_width in centre_line
        ) or any(
            -4 < x - house.x < house.width + 4 and -5 < house.base - y < 10 for house in self.houses
        )


def _draw_site(draw: RoundedRandom) -> Site:
    lowest, highest = HORIZON
    offset = draw.random.uniform(-1, 1)
    offset *= 2 - abs(offset)  # rarely near 0, so that few scenes resemble the mean image
    horizon = round(SIDE * (lowest + (highest - lowest) * (1 + offset) / 2), 1)
    sun = Sun(draw(24, SIDE - 24), draw(0.22, 0.6) * horizon, draw(11, 15))
    site = Site(horizon, sun, lake=None, path=None, houses=[], trees=[])
    if draw.chance(0.65):
        ry = max(13.0, (SIDE - horizon) * draw(0.11, 0.17))
        y = site.y_at(draw(0.3, 0.62))
        site.lake = Lake(draw(40, SIDE - 40), y, draw(60, 95), ry, draw(0, 6))
    return site


def _wave(draw: RoundedRandom, y: float, height: float, half_waves: tuple[float, float]) -> Wave:
    return Wave(round(y, 2), round(height, 2), draw(*half_waves), draw(0, 6))


def _add_houses_(site: Site, draw: RoundedRandom) -> None:
    count = draw.random.choice((0, 1, 1, 1, 2, 2, 2))
    for _ in range(40):
        if len(site.houses) == count:
            return
        width, base = draw(SIDE / 4, SIDE / 3), site.y_at(draw(0.12, 0.8))
        walls, roof = draw.random.choice(WALLS), draw.random.choice(ROOFS)
        facing = draw.random.choice((-1, 1))
        house = House(draw(6, SIDE - 6 - width), base, width, walls, roof, facing)
        foundation = [
            (house.x + width * quarter / 4, base + dy) for quarter in range(5) for dy in (-8, 4)
        ]
        is_in_lake = site.lake and any(site.lake.contains(x, y) for x, y in foundation)
        is_apart = all(
            abs(house.x + width / 2 - other.x - other.width / 2) > 0.53 * (width + other.width)
            for other in site.houses
        )
        if is_apart and not is_in_lake and not site.hides_sun(house.box()):
            site.houses.append(house)


def _add_path_(site: Site, draw: RoundedRandom) -> None:
    """Add a path from the door of the first house, or from the horizon, that avoids the lake."""
    if draw.chance(0.2):
        return
    for _ in range(20):
        (x, y), half_width = (draw(40, SIDE - 40), site.horizon + 2), 1.0
        if site.houses:
            (x, y), half_width = site.houses[0].at(0.22, 0), 3.5
        length = SIDE - y
        end, sway = x + draw(-0.9, 0.9) * length, draw(-0.24, 0.24) * length
        path = Path(x, y - 1, end, sway, half_width)
        if not site.lake or not any(site.lake.contains(x, y) for x, y, _ in path.centre_line()):
            site.path = path
            return


def _add_trees_(site: Site, draw: RoundedRandom) -> None:
    count = draw.random.choice((1, 2, 3, 3, 4, 4, 5, 6))
    fir_probability = draw.random.choice((0.1, 0.5, 0.9))
    for _ in range(60):
        if len(site.trees) == count:
            return
        depth, x = draw(0.06, 0.92), draw(8, SIDE - 8)
        base = site.y_at(depth)
        height = round(min(draw(72, 104) * (0.8 + 0.55 * depth), base - 6), 2)
        is_fir = draw.chance(fir_probability)
        crown = () if is_fir else _crown(draw, x, base - 0.64 * height, 0.34 * height)
        tree = Tree("fir" if is_fir else "leafy", x, base, height, crown)
        left, _, right, _ = tree.box()
        is_crowded = any(abs(x - other.x) < 0.3 * (right - left) + 8 for other in site.trees)
        hides_house = any(
            left < house.x + house.width * 0.9 and right > house.x + house.width * 0.1
            for house in site.houses
            if base > house.base - 12
        )
        if not (is_crowded or hides_house or site.is_taken(x, base) or site.hides_sun(tree.box())):
            site.trees.append(tree)


def _crown(draw: RoundedRandom, x: float, y: float, radius: float) -> tuple[Clump, ...]:
    """Return the clumps of a leafy crown: a ring of six around (x, y), and one in the centre."""
    ring, start = [], draw(0, 1)
    for step in range(6):
        angle = 2 * math.pi * (step + start) / 6
        size, distance = draw(0.42, 0.52) * radius, draw(0.5, 0.62) * radius
        dx, dy = distance * math.cos(angle), distance * math.sin(angle)
        ring.append((*point(x + dx * 1.06, y + dy * 0.92), round(size, 2)))
    ring.sort(key=itemgetter(1))  # by y, from the back to the front
    return (*ring, (*point(x, y - 0.02 * radius), round(radius * 0.5, 2)))


def _clouds(site: Site, draw: RoundedRandom) -> tuple[Cloud, ...]:
    clouds: list[Cloud] = []
    for _ in range(draw.random.randint(0, 3)):
        cloud = Cloud(draw(10, SIDE - 10), site.horizon * draw(0.14, 0.5), draw(50, 84))
        is_apart = all(abs(cloud.x - c.x) > 0.6 * (cloud.width + c.width) for c in clouds)
        if is_apart and not site.hides_sun(cloud.box()):
            clouds.append(cloud)
    return tuple(clouds)


def _peaks(site: Site, draw: RoundedRandom) -> tuple[Peak, ...]:
    count = draw.random.randint(2, 4)
    peaks = []
    for step in range(count):
        x, height = SIDE * (step + draw(0.2, 0.8)) / count, site.horizon * draw(0.3, 0.62)
        if abs(x - site.sun.x) < 60:
            height = min(height, site.horizon - site.sun.y - site.sun.radius * 0.3)
        top, base = round(site.horizon - height, 2), site.horizon + 4
        peaks.append(Peak(round(x, 2), top, base, round(height * 1.1 + 30, 2)))
    return tuple(sorted(peaks, key=lambda peak: peak.top))


def _tufts(site: Site, draw: RoundedRandom) -> tuple[Point, ...]:
    count = draw.random.randint(8, 16)
    spots = [(draw(6, SIDE - 6), site.y_at(draw(0.15, 0.97))) for _ in range(count)]
    free_spots = [spot for spot in spots if not site.is_taken(*spot)]
    return tuple(sorted(free_spots, key=itemgetter(1)))  # by y, from the back to the front
