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
    """how it is known, with numbers: a clause without a full stop"""
    figure: float
    """the number that was compared with a limit"""
    subject: str = ""
    """the player, or the row of the preview, that it is about"""


def start_of_last_streak(flags: Sequence[bool]) -> int:
    """Return the index at which the unbroken True values at the end begin; the length if none."""
    start = len(flags)
    while start and flags[start - 1]:
        start -= 1
    return start
