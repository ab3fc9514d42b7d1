"""The tracker tensorboard: event files with losses, metrics, learning rates and previews."""

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

from translate.errors import ConfigError
from translate.images.source import EncodedImage
from translate.run import LogRecord, Run

INSTALL_COMMAND = "pip install translate-kit[tensorboard]"


class TensorBoardTracker:
    """Write event files for TensorBoard: `tensorboard --logdir RUN` shows them."""

    def __init__(
        self, *, folder: Annotated[str, "folder of the event files, in the run folder"] = "events"
    ) -> None:
        if find_spec("tensorboard") is None:
            raise ConfigError(f"the package tensorboard is not installed: {INSTALL_COMMAND}")
        self.folder = folder
        self.writer: Any = None

    def start(self, run: Run, step: int) -> None:
        """Open an event file; TensorBoard will hide steps after `step` of earlier sessions."""
        from torch.utils.tensorboard import SummaryWriter  # slow; needs the optional package

        purge_step = step + 1 if step else None
        self.writer = SummaryWriter(str(run.path / self.folder), purge_step=purge_step)
        config = json.dumps(run.config, indent=2, default=str)
        self.writer.add_text("config", f"```json\n{config}\n```", step)

    def log(self, record: LogRecord) -> None:
        """Add a scalar for each value of a line of the log."""
        groups: Mapping[str, Mapping[str, float]] = {
            "loss": record.losses,
            "metric": record.metrics,
            "lr": record.lr,
            "grad_norm": record.grad_norm,
            "speed": {"images_per_second": record.images_per_second, "data_wait": record.data_wait},
            "memory": {"memory_mb": record.memory_mb},
        }
        for group, values in groups.items():
            for name, value in values.items():
                self.writer.add_scalar(f"{group}/{name}", value, record.step)
        self.writer.flush()

    def preview(self, step: int, path: Path) -> None:
        """Add the preview as an image."""
        pixels = EncodedImage.open(path).decode(channels=3)
        self.writer.add_image("preview", pixels, step, dataformats="HWC")

    def finish(self, outcome: str) -> None:
        """Add the outcome as a text."""
        self.writer.add_text("outcome", outcome)

    def close(self) -> None:
        """Close the event file, if one is open."""
        if self.writer is not None:
            self.writer.close()
