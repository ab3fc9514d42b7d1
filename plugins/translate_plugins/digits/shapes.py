"""Templates of handwritten digits.

A shape is one or more strokes; a stroke is a smooth curve through points. Points are (x, y) in
hundredths of the height, y downwards; a repeated point is a corner. A digit may have several
shapes, each with its probability.
"""

from __future__ import annotations

from typing import TypeAlias

Point: TypeAlias = tuple[int, int]
Stroke: TypeAlias = tuple[Point, ...]
Shape: TypeAlias = tuple[Stroke, ...]

# fmt: off
ZERO: Shape = (
    ((42, 0), (8, 22), (5, 74), (34, 100), (64, 72), (64, 24), (38, 1)),
)
BARE_ONE: Shape = (
    ((30, 0), (30, 33), (30, 67), (30, 100)),
)
FLAGGED_ONE: Shape = (
    ((12, 20), (22, 11), (30, 0), (30, 0), (30, 50), (29, 100)),
)
TWO: Shape = (
    ((3, 24), (16, 4), (42, 1), (60, 20), (50, 48), (28, 74), (3, 98), (3, 98), (36, 96), (72, 98)),
)
LOOPED_TWO: Shape = (
    ((4, 20), (20, 2), (46, 2), (58, 22), (48, 52), (26, 82), (8, 98), (0, 90), (12, 80),
     (38, 90), (76, 98)),
)
THREE: Shape = (
    ((4, 12), (28, 0), (56, 12), (50, 36), (24, 47), (24, 47), (56, 55), (64, 78), (40, 99),
     (4, 92)),
)
OPEN_FOUR: Shape = (
    ((8, 4), (5, 28), (4, 52), (4, 52), (34, 55), (66, 50)),
    ((58, 0), (54, 50), (50, 100)),
)
CLOSED_FOUR: Shape = (
    ((48, 0), (26, 30), (0, 62), (0, 62), (36, 62), (72, 60)),
    ((48, 0), (48, 50), (46, 100)),
)
FIVE: Shape = (
    ((14, 4), (11, 22), (7, 44), (7, 44), (32, 38), (58, 54), (58, 80), (32, 100), (0, 92)),
    ((14, 4), (40, 4), (70, 0)),
)
TALL_SIX: Shape = (
    ((52, 0), (26, 18), (6, 52), (8, 86), (32, 100), (56, 86), (54, 64), (32, 56), (8, 74)),
)
LOW_SIX: Shape = (
    ((30, 0), (8, 40), (8, 80), (34, 100), (60, 82), (52, 60), (30, 62), (10, 80)),
)
SEVEN: Shape = (
    ((2, 10), (34, 7), (66, 4), (66, 4), (44, 42), (24, 100)),
)
BARRED_SEVEN: Shape = (
    *SEVEN,
    ((16, 52), (38, 50), (62, 48)),
)
EIGHT: Shape = (
    ((56, 12), (32, 0), (9, 20), (30, 46), (58, 74), (34, 100), (7, 80), (30, 50), (58, 22),
     (48, 4)),
)
NINE: Shape = (
    ((60, 16), (34, 2), (6, 22), (16, 46), (42, 42), (60, 16), (60, 16), (58, 56), (54, 100)),
)
CURLED_NINE: Shape = (
    ((58, 14), (32, 2), (6, 24), (20, 48), (46, 38), (60, 12), (60, 12), (58, 56), (42, 92),
     (10, 94)),
)
# fmt: on

SHAPES: dict[str, tuple[tuple[Shape, float], ...]] = {
    "0": ((ZERO, 1),),
    "1": ((BARE_ONE, 0.8), (FLAGGED_ONE, 0.2)),
    "2": ((TWO, 0.6), (LOOPED_TWO, 0.4)),
    "3": ((THREE, 1),),
    "4": ((OPEN_FOUR, 0.6), (CLOSED_FOUR, 0.4)),
    "5": ((FIVE, 1),),
    "6": ((TALL_SIX, 0.5), (LOW_SIX, 0.5)),
    "7": ((SEVEN, 0.75), (BARRED_SEVEN, 0.25)),
    "8": ((EIGHT, 1),),
    "9": ((NINE, 0.65), (CURLED_NINE, 0.35)),
}
