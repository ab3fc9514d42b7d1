"""A skipped file and the reason: a line of ``problems.jsonl``."""

from pathlib import Path
from typing import NamedTuple

from translate.errors import BadImage, ItemError

FAILED = "failed"
"""the reason where a plugin, or this program, has a fault, and not the file"""


class Problem(NamedTuple):
    """A file or item that was skipped."""

    path: Path
    stage: str
    """The stage: ``check``, ``training``, ``read``, ``translate``, ``write`` ..."""
    reason: str
    """A fixed word for scripts."""
    message: str

    @classmethod
    def of(cls, bad: BadImage, stage: str) -> "Problem":
        """Return `bad` as something that can be listed."""
        word = FAILED if isinstance(bad, ItemError) else "unreadable"
        return cls(bad.path, stage, word, bad.reason)

    def record(self) -> dict[str, str]:
        """Return the line of ``problems.jsonl``."""
        return {**self._asdict(), "path": str(self.path)}
