"""Label maps of scenes: one colour for each class, without antialiasing."""

from __future__ import annotations

import cv2

from translate_plugins.scenes.canvas import RGB, SCALE, SIDE, Bytes, Canvas, Gradient, ellipse
from translate_plugins.scenes.scene import House, Roof, Scene, Tree, Walls

CLASSES: dict[str, RGB] = {
    "sky": (70, 130, 180), "sun": (255, 215, 0), "cloud": (220, 235, 250),
    "peak": (150, 140, 170), "flank": (110, 100, 140), "hills": (60, 110, 90),
    "meadow": (152, 251, 152), "near meadow": (120, 220, 110), "nearest meadow": (90, 190, 80),
    "shore": (230, 220, 170), "lake": (0, 60, 200), "path": (244, 164, 96),
    "flower": (255, 255, 120),
    "chimney": (80, 40, 40), "window": (0, 220, 220), "door": (120, 60, 20),
    "trunk": (110, 80, 50), "leafy": (107, 142, 35), "fir": (0, 80, 60),
}  # fmt: skip
WALLS: dict[Walls, RGB] = {
    "red": (220, 20, 60), "yellow": (240, 180, 40),
    "white": (250, 240, 230), "blue": (100, 120, 220),
}  # fmt: skip
ROOFS: dict[Roof, RGB] = {"tile": (180, 60, 20), "slate": (70, 70, 70), "thatch": (160, 130, 60)}


def label(scene: Scene) -> Bytes:
    """Return the label map of a scene, (256, 256, 3), with the same outlines as its image."""
    canvas = Canvas(line_type=cv2.LINE_8)
    canvas.band(0, SIDE, Gradient(CLASSES["sky"], CLASSES["sky"]))
    canvas.fill(scene.sun.disc(), CLASSES["sun"])
    for cloud in scene.clouds:
        for puff in cloud.puffs():
            canvas.fill(puff, CLASSES["cloud"])
    for peak in scene.peaks:
        canvas.fill(peak.outline(), CLASSES["peak"])
        canvas.fill(peak.shaded_side(scene.sun.side), CLASSES["flank"])
    lands = (scene.hills, scene.meadow, *scene.rises)
    for land, name in zip(lands, ("hills", "meadow", "near meadow", "nearest meadow"), strict=True):
        canvas.fill(land.area(SIDE), CLASSES[name])
    if scene.lake:
        canvas.fill(scene.lake.outline(2.5), CLASSES["shore"])
        canvas.fill(scene.lake.outline(), CLASSES["lake"])
    if scene.path:
        canvas.fill(scene.path.outline(), CLASSES["path"])
    for x, y in scene.tufts:
        size = scene.tuft_size(y)
        canvas.fill([(x, y), (x + size / 2, y - size), (x - size / 2, y - size)], CLASSES["flower"])
    for item in scene.standing_objects():
        _label_house(canvas, item) if isinstance(item, House) else _label_tree(canvas, item)
    return canvas.pixels[::SCALE, ::SCALE].copy()


def _label_house(canvas: Canvas, house: House) -> None:
    canvas.fill(house.gable(), WALLS[house.walls])
    canvas.fill(house.long_wall(), WALLS[house.walls])
    canvas.fill(house.chimney(), CLASSES["chimney"])
    canvas.fill(house.roof_outline(), ROOFS[house.roof])
    canvas.stroke(house.verge(), ROOFS[house.roof], width=house.width * 0.04)
    for window in house.windows():
        canvas.fill(window, CLASSES["window"])
    canvas.fill(house.door(), CLASSES["door"])


def _label_tree(canvas: Canvas, tree: Tree) -> None:
    canvas.fill(tree.trunk(), CLASSES["trunk"])
    for layer in tree.layers() if tree.kind == "fir" else ():
        canvas.fill(layer, CLASSES["fir"])
    for x, y, radius in tree.clumps:
        canvas.fill(ellipse(x, y, radius * 1.06, radius * 1.06), CLASSES["leafy"])
