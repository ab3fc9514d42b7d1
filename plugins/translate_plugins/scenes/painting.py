"""Painting of scenes in the colours of a season."""

from __future__ import annotations

from translate_plugins.scenes.canvas import SIDE, Bytes, Canvas, Gradient, ellipse
from translate_plugins.scenes.landforms import Cloud, Lake, Path, Sun, Wave
from translate_plugins.scenes.objects import paint_house, paint_tree
from translate_plugins.scenes.palettes import Palette
from translate_plugins.scenes.scene import House, Scene

GLEAMS = (
    (-0.5, -0.45, 0.3), (0.2, -0.62, 0.34), (0.45, 0.1, 0.26),
    (-0.35, 0.3, 0.36), (0.1, 0.6, 0.24), (-0.66, -0.05, 0.16),
)  # fmt: skip
"""x, y and length of reflections on a lake, in units of its radii"""


def paint(scene: Scene, palette: Palette) -> Bytes:
    """Return the (256, 256, 3) image of a scene."""
    canvas = Canvas()
    canvas.band(0, scene.horizon + 2, palette.sky)
    _paint_sun(canvas, scene.sun, palette)
    for cloud in scene.clouds:
        _paint_cloud(canvas, cloud, palette)
    for peak in scene.peaks:
        canvas.fill(peak.outline(), palette.peak)
        canvas.fill(peak.shaded_side(scene.sun.side), palette.peak_shade)
    canvas.fill(scene.hills.area(12), palette.hills)
    canvas.band(scene.horizon + 4, SIDE, palette.meadow)
    canvas.fill(scene.meadow.area(3), palette.meadow.top)
    for rise in scene.rises:
        _paint_rise(canvas, rise, palette)
    if scene.lake:
        _paint_lake(canvas, scene.lake, scene.sun, palette)
    if scene.path:
        _paint_path(canvas, scene.path, palette)
    for x, y in scene.tufts:
        _paint_tuft(canvas, x, y, scene.tuft_size(y), palette)
    for item in scene.standing_objects():
        if isinstance(item, House):
            paint_house(canvas, item, scene.sun.side, palette)
        else:
            paint_tree(canvas, item, scene.sun.side, palette)
    return canvas.image()


def _paint_sun(canvas: Canvas, sun: Sun, palette: Palette) -> None:
    canvas.glow((sun.x, sun.y), sun.radius * 4.5, palette.halo, 0.75)
    canvas.fill(sun.disc(), palette.sun)


def _paint_cloud(canvas: Canvas, cloud: Cloud, palette: Palette) -> None:
    for puff in cloud.puffs():
        canvas.fill([(x, y + cloud.width * 0.03) for x, y in puff], palette.cloud_shade)
    for puff in cloud.puffs()[:-1]:
        canvas.fill([(x, y - 0.5) for x, y in puff], palette.cloud)


def _paint_rise(canvas: Canvas, rise: Wave, palette: Palette) -> None:
    canvas.fill(rise.area(rise.height * 2), palette.rise)
    canvas.stroke(rise.crest(), palette.rim, width=1)


def _paint_lake(canvas: Canvas, lake: Lake, sun: Sun, palette: Palette) -> None:
    canvas.fill(lake.outline(2.5), palette.shore)
    canvas.fill(lake.outline(), palette.lake)
    for dx, dy, relative_length in GLEAMS:
        x, y = lake.x + dx * lake.rx, lake.y + dy * lake.ry
        length = relative_length * lake.rx
        if palette.snow:  # slanting bars on ice
            right = x + length * 0.5
            bar = [(x, y - 3), (right, y - 3), (right - 6, y + 3), (x - 6, y + 3)]
            canvas.fill(bar, Gradient(palette.gleam, palette.gleam, (0.9, 0.3)))
        else:
            canvas.fill(ellipse(x + length * 0.2, y, length * 0.5, 1.1), palette.gleam)
    for step in range(5):  # reflections of the sun
        y = lake.y + (step - 2) * lake.ry * 0.34
        if lake.contains(sun.x, y, scale=0.8):
            canvas.fill(ellipse(sun.x, y, 5 + 2 * step, 1.5), palette.sun)


def _paint_path(canvas: Canvas, path: Path, palette: Palette) -> None:
    outline = path.outline()
    canvas.fill(outline, palette.path)
    half = len(outline) // 2
    for edge in (outline[:half], outline[half:]):
        canvas.stroke(edge, palette.path_edge, width=1.5)


def _paint_tuft(canvas: Canvas, x: float, y: float, size: float, palette: Palette) -> None:
    for dx, height in ((-0.5, 0.8), (0, 1), (0.5, 0.75)):
        tip = (x + dx * size, y - height * size)
        canvas.stroke([(x, y), tip], palette.stalk, width=1)
        canvas.fill(ellipse(*tip, size * 0.15, size * 0.15, 12), palette.bloom)
