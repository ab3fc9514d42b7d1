"""The result of a command, and the root of the checkout."""

from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class CommandResult(NamedTuple):
    """Exit code and output of a command."""

    code: int
    out: str
    err: str
