"""The results of the Python interface."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class InferenceResult:
    """The numbers of translated or generated images, and of images that failed."""

    requested: int
    """number of all inputs, or of all samples"""
    problems: Path
    """``problems.jsonl``, with a line for each image without an output"""
    done: int = 0
    """number of outputs that were written"""
    skipped: int = 0
    """number of outputs that existed, and were verified"""
    listed: int = 0
    """number of images without an output, which `problems` lists"""
    current_fraction: float = 0.0
    """completed fraction of the image that is translated in tiles; 0 between images"""

    @property
    def remaining(self) -> int:
        """The number of images that were not started or completed before an interruption."""
        return self.requested - self.done - self.skipped - self.listed


@dataclass(frozen=True)
class TrainingPlan:
    """What training would do, and its time and memory, measured on a few steps."""

    recipe: str
    path: Path
    """the run folder that training writes"""
    device: str
    size: tuple[int, int]
    """height and width of training crops"""
    batch_size: int
    images: Mapping[str, int]
    """number of usable images by domain; of all together if domains have the same files"""
    skipped: int
    """number of files that cannot be used"""
    items: int
    """number of items in an epoch, such as pairs"""
    validation: int
    """number of validation items"""
    step: int
    """the step at which training starts: 0, or the last step of the run to resume"""
    steps: int
    """the step at which training ends"""
    epochs: float
    """number of epochs up to that step"""
    parameters: Mapping[str, int]
    """number of parameters by network"""
    gflops: float
    """10^9 floating-point operations of a step, forward and backward, without element-wise layers;
    a multiply-add counts as two"""
    step_seconds: float
    """seconds for a step"""
    images_per_second: float
    memory_mb: int
    """peak memory of the process in MiB, or what PyTorch allocated on its GPU"""
    checkpoint_mb: float
    """size of a checkpoint in MB (10^6 bytes)"""
    seconds: float
    """seconds to the last step, with previews, checkpoints and evaluations"""


@dataclass(frozen=True)
class TrainingResult:
    """The outcome of training."""

    path: Path
    step: int
    signal: int = 0
    """the signal that stopped training, or 0"""
    timed_out: bool = False
    """whether training reached its time limit before the last step"""
    reason: str = ""
    """why a plugin's hook stopped training"""
    plateau: str = ""
    """why training stopped early: evaluations without improvement"""
    best: str = ""
    """the best value of ``train.metric`` and its step, as text, for the weights of ``RUN@best``"""
    listed: int = 0
    """number of skipped files"""
    preview: Path | None = None
    """the last preview of a finished run"""
    next_command: str = ""
    """the command that applies a finished run"""
    plan: TrainingPlan | None = None
    """the result of a dry run, which writes no run folder"""
