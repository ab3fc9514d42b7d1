"""A problem: a skipped file and the reason, one line of ``problems.jsonl``."""

from pathlib import Path
from typing import NamedTuple

from translate.errors import BadImage, ItemError, UnreachableImage

FAILED = "failed"
"""the reason if a plugin or this program failed, rather than the file"""
UNREACHABLE = "unreachable"
"""the reason if a storage service did not answer"""


class Problem(NamedTuple):
    """A file or item that was skipped, and why."""

    path: Path
    stage: str
    """when it was skipped: ``check``, ``training``, ``read``, ``translate``, ``write`` ..."""
    reason: str
    """a fixed word for scripts, such as ``unreadable``"""
    message: str
    """a sentence for people"""

    @classmethod
    def of(cls, error: BadImage, stage: str) -> "Problem":
        """Return the problem that `error` describes."""
        reasons = {ItemError: FAILED, UnreachableImage: UNREACHABLE}
        reason = next((r for kind, r in reasons.items() if isinstance(error, kind)), "unreadable")
        return cls(error.path, stage, reason, error.reason)

    def record(self) -> dict[str, str]:
        """Return the line of ``problems.jsonl``."""
        return {**self._asdict(), "path": str(self.path)}
