"""What a command left behind, and where the checkout is."""

from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class CommandResult(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str
