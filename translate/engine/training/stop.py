"""The reasons for which training ends."""

from enum import IntEnum


class Stop(IntEnum):
    """The reason for which training ends; if processes differ, the largest value counts."""

    FINISHED = 0
    SIGNAL = 1
    TIME = 2
    HOOK = 3
    PLATEAU = 4
    """too many evaluations without improvement"""

    @property
    def outcome(self) -> str:
        """The word for it in ``run.json``, which hooks and trackers get."""
        words = {self.FINISHED: "finished", self.HOOK: "stopped", self.PLATEAU: "stopped"}
        return words.get(self, "interrupted")
