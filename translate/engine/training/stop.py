"""Reasons to end training."""

from enum import IntEnum


class Stop(IntEnum):
    """The reason to end training; if processes differ, the largest value counts."""

    FINISHED = 0
    SIGNAL = 1
    TIME = 2
    HOOK = 3
    PLATEAU = 4
    """too many evaluations without improvement"""

    @property
    def outcome(self) -> str:
        """The outcome in ``run.json``, which hooks and trackers get: ``finished`` and so on."""
        words = {self.FINISHED: "finished", self.HOOK: "stopped", self.PLATEAU: "stopped"}
        return words.get(self, "interrupted")
