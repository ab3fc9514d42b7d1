"""The colours of summer and winter."""

from __future__ import annotations

from dataclasses import dataclass

from translate_plugins.scenes.canvas import RGB, Gradient
from translate_plugins.scenes.scene import Roof, Walls

WALLS: dict[Walls, RGB] = {
    "red": (176, 64, 50), "yellow": (236, 194, 96),
    "white": (240, 234, 222), "blue": (92, 134, 172),
}  # fmt: skip
ROOFS: dict[Roof, RGB] = {"tile": (190, 92, 58), "slate": (84, 90, 108), "thatch": (150, 116, 72)}


@dataclass(frozen=True)
class Palette:
    """The colours of a scene in one season."""

    snow: bool
    """whether there is snow on houses and trees, and ice on the lake"""
    sky: Gradient
    sun: RGB
    halo: RGB
    cloud: RGB
    cloud_shade: RGB
    peak: Gradient
    peak_shade: Gradient
    hills: Gradient
    meadow: Gradient
    rise: Gradient
    """colours of slopes in the meadow"""
    rim: RGB
    """colour of the upper edge of slopes"""
    shade: RGB
    """colour of shadows on the ground"""
    shore: RGB
    lake: Gradient
    gleam: RGB
    """colour of reflections on the lake"""
    path: Gradient
    path_edge: RGB
    stalk: RGB
    bloom: RGB
    """colour of flowers, or dry seeds in winter"""
    glass: Gradient
    trunk: RGB
    fir: RGB
    fir_light: RGB
    crown: RGB
    """colour of a leafy crown in the shade; of bare twigs in winter"""
    clump: RGB
    """colour of the lit part of a crown's clumps"""
    clump_light: RGB
    """colour of the brightest part of clumps; of snow in winter"""


SUMMER = Palette(
    snow=False,
    sky=Gradient((40, 108, 204), (148, 198, 236)),
    sun=(255, 226, 110),
    halo=(255, 246, 200),
    cloud=(255, 255, 255),
    cloud_shade=(214, 230, 244),
    peak=Gradient((176, 190, 206), (180, 204, 196)),
    peak_shade=Gradient((118, 140, 172), (146, 176, 182)),
    hills=Gradient((104, 158, 112), (140, 184, 104)),
    meadow=Gradient((170, 206, 92), (96, 160, 62)),
    rise=Gradient((60, 124, 52), (96, 160, 62), (0.5, 0.0)),
    rim=(176, 210, 100),
    shade=(18, 60, 36),
    shore=(206, 196, 140),
    lake=Gradient((142, 200, 226), (38, 108, 168)),
    gleam=(226, 244, 250),
    path=Gradient((226, 206, 156), (204, 172, 116)),
    path_edge=(150, 150, 72),
    stalk=(54, 112, 44),
    bloom=(250, 236, 150),
    glass=Gradient((98, 128, 158), (160, 188, 206)),
    trunk=(104, 74, 52),
    fir=(20, 72, 60),
    fir_light=(44, 106, 74),
    crown=(40, 98, 42),
    clump=(64, 130, 48),
    clump_light=(104, 166, 62),
)

WINTER = Palette(
    snow=True,
    sky=Gradient((48, 78, 142), (164, 160, 198)),
    sun=(255, 240, 222),
    halo=(255, 214, 196),
    cloud=(206, 208, 226),
    cloud_shade=(160, 168, 200),
    peak=Gradient((210, 218, 242), (188, 198, 230)),
    peak_shade=Gradient((116, 136, 190), (150, 164, 208)),
    hills=Gradient((176, 190, 226), (214, 222, 241)),
    meadow=Gradient((220, 226, 242), (250, 250, 252)),
    rise=Gradient((150, 176, 224), (236, 240, 250), (0.75, 0.0)),
    rim=(255, 255, 255),
    shade=(98, 124, 186),
    shore=(255, 255, 255),
    lake=Gradient((150, 192, 216), (82, 136, 178)),
    gleam=(244, 252, 255),
    path=Gradient((206, 204, 216), (188, 184, 196)),
    path_edge=(255, 255, 255),
    stalk=(150, 124, 96),
    bloom=(214, 190, 150),
    glass=Gradient((255, 178, 66), (255, 214, 122)),  # lit windows
    trunk=(70, 54, 56),
    fir=(22, 52, 66),
    fir_light=(40, 76, 88),
    crown=(104, 96, 120),
    clump=(138, 130, 154),
    clump_light=(226, 228, 240),
)
