"""The results of detectors, and the names of the failures."""

from collections.abc import Sequence
from typing import NamedTuple

SATURATED, CHANCE = "discriminator saturated", "discriminator at chance"
VANISHING, EXPLODING = "vanishing gradient", "exploding gradient"
DIVERGING, OSCILLATING = "diverging loss", "oscillating loss"
COLLAPSE = "mode collapse"
CHECKERBOARD, BORDER = "checkerboard artifacts", "border artifacts"
INVERSION, TINT, UNCHANGED = "colour inversion", "colour tint", "output equals input"
OVERFITTING, COPIES = "overfitting", "copied training images"
RATE, WAITING = "learning rate near 0", "waiting for data"
MEMORY, SKIPPED = "memory near the limit", "skipped turns"

FAILURES = (
    *(SATURATED, CHANCE, VANISHING, EXPLODING, DIVERGING, OSCILLATING, COLLAPSE, CHECKERBOARD),
    *(BORDER, INVERSION, TINT, UNCHANGED, OVERFITTING, COPIES, RATE, WAITING, MEMORY, SKIPPED),
)
"""the names of all failures"""


class Detection(NamedTuple):
    """A failure of training that was detected."""

    failure: str
    """one of `FAILURES`"""
    since_step: int
    evidence: str
    """the evidence with its figures: a clause without a full stop"""
    figure: float
    """the value that exceeds its limit"""
    subject: str = ""
    """the player, or the title of the row of the preview, that fails"""


def start_of_last_streak(flags: Sequence[bool]) -> int:
    """Return the index of the first of the True values at the end; the length if there are none."""
    start = len(flags)
    while start and flags[start - 1]:
        start -= 1
    return start
