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
    """the first step at which the failure shows"""
    evidence: str
    """the measured values as a clause, without a full stop"""
    value: float
    """the measured value that is beyond its limit"""
    subject: str = ""
    """the player that fails, or the title of the preview's row of images that shows the failure"""


def start_of_last_streak(flags: Sequence[bool]) -> int:
    """Return the index of the first of the True `flags` at the end; without any, their number."""
    start = len(flags)
    while start and flags[start - 1]:
        start -= 1
    return start
