"""The results of the Python interface."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class InferenceResult:
    """The numbers of images of a folder that were translated, or drawn from noise."""

    requested: int
    """inputs of a folder, or samples"""
    problems: Path
    """the file that lists images without an output, and the reasons"""
    done: int = 0
    skipped: int = 0
    """existing outputs, which were verified"""
    listed: int = 0
    begun: float = 0.0
    """the share that is done of an image that is translated in tiles, from 0 to 1"""

    @property
    def left(self) -> int:
        """The number of images not started, because of an interruption."""
        return self.requested - self.done - self.skipped - self.listed


@dataclass(frozen=True)
class TrainingPlan:
    """What training would do and cost, measured on steps that were taken in memory."""

    recipe: str
    path: Path
    """the run folder that training writes"""
    device: str
    size: tuple[int, int]
    """height and width of training crops"""
    batch_size: int
    images: Mapping[str, int]
    """usable images of each domain; of all domains together, where their files are the same"""
    skipped: int
    """files that cannot be used"""
    items: int
    """items in an epoch, such as pairs"""
    validation: int
    """items that are measured and not trained on"""
    step: int
    """the step that training starts from: 0, or that of the run to resume"""
    steps: int
    """the step at which training ends"""
    epochs: float
    """passes over the images up to that step"""
    parameters: Mapping[str, int]
    """parameters of each network"""
    gflops: float
    """billions of floating-point operations of a step, forward and backward, without those of
    element-wise layers; a multiplication and an addition are two"""
    step_seconds: float
    """time of a step"""
    images_per_second: float
    memory_mb: int
    """peak memory of the process in MiB, or what PyTorch allocated on its GPU"""
    checkpoint_mb: float
    """size of a checkpoint in MB (10^6 bytes)"""
    seconds: float
    """time to the last step, with previews, checkpoints and evaluations"""


@dataclass(frozen=True)
class TrainingResult:
    """The outcome of training."""

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
    """the best value of ``train.metric`` and its step, as text; ``RUN@best`` has these weights"""
    listed: int = 0
    """skipped files"""
    preview: Path | None = None
    """the newest preview of a run that is finished"""
    next_command: str = ""
    """what applies a run that is finished, to be typed"""
    plan: TrainingPlan | None = None
    """what a dry run measured; it writes no run folder"""
