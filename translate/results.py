"""What the Python interface returns."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class InferenceResult:
    """How many images of a folder were translated, or drawn from noise."""

    requested: int
    """inputs of a folder, or samples"""
    problems: Path
    """the file that lists images for which there is no output, and why"""
    done: int = 0
    skipped: int = 0
    """outputs that were there already, and verified"""
    listed: int = 0

    @property
    def left(self) -> int:
        """How many were not started, because of an interruption."""
        return self.requested - self.done - self.skipped - self.listed


@dataclass(frozen=True)
class TrainingResult:
    """How training ended."""

    path: Path
    step: int
    signal: int = 0
    """the signal that stopped it, or 0"""
    late: bool = False
    """whether its time was up before its last step"""
    reason: str = ""
    """why a plugin's hook stopped it"""
    plateau: str = ""
    """why it ended before its last step: evaluations without improvement"""
    best: str = ""
    """the best value of ``train.metric`` and its step, in words; ``RUN@best`` has these weights"""
    listed: int = 0
    """files left out"""
    preview: Path | None = None
    """the newest preview of a run that is finished"""
    next_command: str = ""
    """what applies a run that is finished, to be typed"""
