"""Painting of houses and trees, in summer and in winter.

Light comes from `side`: -1 for the left, 1 for the right.
"""

from __future__ import annotations

from translate_plugins.scenes.canvas import RGB, Canvas, Gradient, Outline, ellipse
from translate_plugins.scenes.palettes import ROOFS, WALLS, Palette
from translate_plugins.scenes.scene import House, Tree

TRIM: RGB = (250, 246, 236)
DOOR: RGB = (98, 66, 50)
SNOW = Gradient((252, 252, 255), (222, 230, 246))
SNOW_ON_ROOF = (
    (0.21, 0.79), (0.85, 0.79), (0.985, 0.46), (0.9, 0.43), (0.82, 0.46),
    (0.74, 0.435), (0.66, 0.465), (0.58, 0.44), (0.4, 0.46),
)  # fmt: skip
SNOW_ON_CLUMP = (
    (-0.8, -0.4), (-0.5, -0.78), (0, -0.95), (0.5, -0.78),
    (0.8, -0.4), (0.45, -0.55), (0, -0.68), (-0.45, -0.55),
)  # fmt: skip
TWIGS = ((-0.6, -0.3), (-0.2, -0.7), (0.3, -0.66), (0.66, -0.2))
"""points of shapes, in units of the width of the house or the radius of the clump"""


def paint_house(canvas: Canvas, house: House, side: int, palette: Palette) -> None:
    """Paint a house; the side that faces away from the light is darker."""
    walls, roof = WALLS[house.walls], ROOFS[house.roof]
    _shadow(canvas, house.x + house.width / 2, house.base - 1, house.width * 0.6, side, palette)
    is_gable_lit = house.facing == side
    canvas.fill(house.gable(), walls if is_gable_lit else _darken(walls))
    canvas.fill(house.long_wall(), _darken(walls) if is_gable_lit else walls)
    canvas.fill(house.chimney(), _darken(roof))
    if palette.snow:
        canvas.fill(house.block(0.61, 0.87, 0.11, 0.05), SNOW.top)  # on the chimney
    canvas.fill(house.roof_outline(), Gradient(roof, _darken(roof)))
    for row in (0.67, 0.57, 0.47):
        shift = (0.76 - row) / 0.39
        row_of_tiles = house.shape((0.22 + 0.23 * shift, row), (0.84 + 0.19 * shift, row))
        canvas.stroke(row_of_tiles, _darken(roof), width=1)
    canvas.stroke(house.verge(), _darken(roof), width=house.width * 0.04)
    if palette.snow:
        canvas.fill(house.shape(*SNOW_ON_ROOF), SNOW)
        verge = house.shape((0.0, 0.41), (0.22, 0.77), (0.43, 0.43))
        canvas.stroke(verge, SNOW.top, width=house.width * 0.045)
    for window in house.windows():
        canvas.fill(window, palette.glass)
        (left, bottom), (right, _), (_, top), _ = window
        middle = (left + right) / 2
        canvas.stroke([(middle, bottom), (middle, top)], TRIM, width=1)
        canvas.stroke([*window, window[0]], TRIM, width=1.5)
        if palette.snow:
            canvas.stroke([(left, bottom), (right, bottom)], SNOW.top, width=2.5)
    canvas.fill(house.door(), DOOR)
    canvas.stroke([*house.door()[1:], house.door()[0]], TRIM, width=1)


def paint_tree(canvas: Canvas, tree: Tree, side: int, palette: Palette) -> None:
    """Paint a fir or a leafy tree, which is bare in winter."""
    _shadow(canvas, tree.x, tree.base, tree.height * 0.3, side, palette)
    canvas.fill(tree.trunk(), palette.trunk)
    if tree.kind == "fir":
        _paint_fir(canvas, tree, side, palette)
    else:
        _paint_crown(canvas, tree, side, palette)


def _paint_fir(canvas: Canvas, tree: Tree, side: int, palette: Palette) -> None:
    for layer, cap in zip(tree.layers(), tree.layers(0.55), strict=True):
        canvas.fill(layer, palette.fir)
        canvas.fill(_lit_half(layer, side), palette.fir_light)
        if palette.snow:
            canvas.fill(cap, SNOW.bottom)
            canvas.fill(_lit_half(cap, side), SNOW.top)


def _paint_crown(canvas: Canvas, tree: Tree, side: int, palette: Palette) -> None:
    for x, y, radius in tree.clumps:
        canvas.fill(ellipse(x, y, radius * 1.06, radius * 1.06), palette.crown)
    for x, y, radius in tree.clumps:
        lit_part = ellipse(x + side * radius * 0.1, y - radius * 0.12, radius * 0.86, radius * 0.82)
        canvas.fill(lit_part, palette.clump)
        if not palette.snow:
            top = ellipse(x + side * radius * 0.24, y - radius * 0.32, radius * 0.5, radius * 0.42)
            canvas.fill(top, palette.clump_light)
    if palette.snow:
        _paint_branches(canvas, tree, palette)


def _paint_branches(canvas: Canvas, tree: Tree, palette: Palette) -> None:
    fork = (tree.x, tree.base - tree.height * 0.42)
    canvas.stroke(
        [(tree.x, tree.base - tree.height * 0.1), fork], palette.trunk, tree.height * 0.05
    )
    for x, y, radius in tree.clumps:
        canvas.stroke([fork, (x, y)], palette.trunk, width=tree.height * 0.025)
        for dx, dy in TWIGS:
            tip = (x + dx * radius, y + dy * radius)
            canvas.stroke([(x, y + radius * 0.2), tip], palette.trunk, width=1)
    for x, y, radius in tree.clumps:
        arch = [(x + dx * radius, y + dy * radius) for dx, dy in SNOW_ON_CLUMP]
        canvas.fill(arch, palette.clump_light)


def _shadow(canvas: Canvas, x: float, y: float, reach: float, side: int, palette: Palette) -> None:
    spot = ellipse(x - side * reach * 0.4, y, reach, reach * 0.16 + 1.5)
    canvas.fill(spot, Gradient(palette.shade, palette.shade, (0.5, 0.5)))


def _lit_half(layer: Outline, side: int) -> Outline:
    """Return the half of a layer that faces the sun."""
    tip, *hem = layer
    return [tip, *(hem[:5] if side > 0 else hem[4:])]


def _darken(colour: RGB) -> RGB:
    red, green, blue = colour
    return red * 4 // 5, green * 4 // 5, blue * 7 // 8
