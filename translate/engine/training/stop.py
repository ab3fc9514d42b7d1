"""Reasons to end training."""

from enum import IntEnum


class Stop(IntEnum):
    """The reason to end training; if processes differ, the largest value counts."""

    FINISHED = 0
    SIGNAL = 1
    TIME = 2
    """the time limit was reached"""
    HOOK = 3
    """a plugin's hook called `Run.stop`"""
    PLATEAU = 4
    """too many evaluations were without improvement"""

    @property
    def outcome(self) -> str:
        """``finished``, ``stopped`` or ``interrupted``, for ``run.json``, hooks and trackers."""
        outcomes = {self.FINISHED: "finished", self.HOOK: "stopped", self.PLATEAU: "stopped"}
        return outcomes.get(self, "interrupted")
