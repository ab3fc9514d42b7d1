"""A skipped file and the reason: a line of ``problems.jsonl``."""

from pathlib import Path
from typing import NamedTuple

from translate.errors import BadImage, ItemError, UnreachableImage

FAILED = "failed"
"""the reason where a plugin, or this program, has a fault, and not the file"""
UNREACHABLE = "unreachable"
"""the reason where a store did not answer"""


class Problem(NamedTuple):
    """A file or item that was skipped."""

    path: Path
    stage: str
    """The stage: ``check``, ``training``, ``read``, ``translate``, ``write`` ..."""
    reason: str
    """A fixed word for scripts."""
    message: str

    @classmethod
    def of(cls, error: BadImage, stage: str) -> "Problem":
        """Return `error` as something that can be listed."""
        words = {ItemError: FAILED, UnreachableImage: UNREACHABLE}
        word = next((w for kind, w in words.items() if isinstance(error, kind)), "unreadable")
        return cls(error.path, stage, word, error.reason)

    def record(self) -> dict[str, str]:
        """Return the line of ``problems.jsonl``."""
        return {**self._asdict(), "path": str(self.path)}
