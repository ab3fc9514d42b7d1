"""The results of the Python interface."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class InferenceResult:
    """The numbers of images that were translated, or generated, and of those that were not."""

    requested: int
    """all inputs, or all samples"""
    problems: Path
    """the file with a line for each image without an output: ``problems.jsonl``"""
    done: int = 0
    """outputs that were written"""
    skipped: int = 0
    """outputs that existed and were verified"""
    listed: int = 0
    """images without an output, each a line in `problems`"""
    begun: float = 0.0
    """fraction of the current image that is done, where it is translated in tiles"""

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
    """validation items, which are not trained on"""
    step: int
    """the step that training starts from: 0, or the last step of the run to resume"""
    steps: int
    """the step at which training ends"""
    epochs: float
    """passes over the images up to that step"""
    parameters: Mapping[str, int]
    """parameters of each network"""
    gflops: float
    """billions of floating-point operations in a step, forward and backward, without those of
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
    """whether it reached its time limit before its last step"""
    reason: str = ""
    """the reason that a plugin's hook gave to stop it"""
    plateau: str = ""
    """the reason of an early stop: evaluations without improvement"""
    best: str = ""
    """the best value of ``train.metric`` and its step, as text; ``RUN@best`` has these weights"""
    listed: int = 0
    """skipped files"""
    preview: Path | None = None
    """the newest preview of a run that is finished"""
    next_command: str = ""
    """the command that applies a finished run"""
    plan: TrainingPlan | None = None
    """what a dry run measured; it writes no run folder"""
