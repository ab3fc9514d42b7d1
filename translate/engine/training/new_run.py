"""The start of a new run: its folder, and weights of another run."""

import logging
from pathlib import Path
from typing import Any

from translate.batches import ImageSpec, Layout
from translate.engine.checkpoints import read, retention
from translate.engine.checkpoints.initialization import InitialWeights
from translate.engine.checkpoints.state import TrainingState
from translate.engine.config import schema
from translate.engine.data import places
from translate.engine.data.domains import image_counts
from translate.errors import ConfigError
from translate.folders.names import short_names

logger = logging.getLogger(__name__)


class NewRun:
    """A run that starts at step 0, from initial weights or those of another run.

    Args:
        config: the configuration.
        out: the run folder; None: a new folder under ``runs/``.
        init: initial weights from another run.
    """

    recorded_spec: ImageSpec | None = None
    """the spec of the images at the start of a run that continues"""

    def __init__(
        self, config: schema.Config, out: Path | None = None, init: InitialWeights | None = None
    ) -> None:
        self.config, self.out, self.init = config, out, init
        self.directory = ""
        """the working directory when the paths of the configuration were typed, if another"""

    @property
    def checkpoint(self) -> read.Checkpoint | None:
        """The checkpoint of initial weights, if the configuration builds the same networks."""
        if self.init and self.init.checkpoint.config.options == self.config.options:
            return self.init.checkpoint
        return None

    def folder(self) -> Path:
        """Return the run folder; raises `ConfigError` if it has a run already."""
        config = self.config
        names = [n.replace("/", "-") for n in (config.recipe, *short_names(config.data.domains))]
        return unused_folder(self.out, Path("runs") / "-".join(names))

    def locate(self, config: schema.Config) -> tuple[schema.Config, schema.Data, str]:
        """Return what `ResumePoint.locate` does; raises `DataError` without a root folder."""
        places.expect_root(config.data)
        return config, config.data, ""

    def load(self, training: TrainingState) -> list[str]:
        """Load the initial weights; return messages on them."""
        return [*self.init.newer_problems, *self.init.load(training)] if self.init else []

    def origin(self) -> dict[str, Any]:
        """Return the record of the initial weights for ``run.json``."""
        return {"init": self.init.facts} if self.init else {}

    def report(self, folder: Path, training: TrainingState, layout: Layout, steps: int) -> None:
        """Log what is trained, where, and on how many images."""
        device = next(training.recipe.parameters()).device.type
        if device == "cpu" and training.config.train.device == "auto":
            device = "cpu, as no GPU was found"
        images = ", ".join(f"{count:,} {name}" for name, count in image_counts(layout).items())
        rows, columns = training.config.data.crop
        logger.info(
            f"training {training.config.recipe} in {folder}: {images}, crops of {rows}x{columns}, "
            f"{steps:,} steps, on {device}"
        )


def unused_folder(out: Path | None, default: Path) -> Path:
    """Return the folder `out`, or the default with the next free number.

    Raises `ConfigError` if the folder has a run already.
    """
    number, folder = 2, out or default
    while not out and folder.exists():
        folder, number = default.with_name(f"{default.name}-{number}"), number + 1
    # a folder without checkpoints or log is of a run that was killed at its start
    if any(retention.list_checkpoints(folder)) or (folder / "log.jsonl").exists():
        raise ConfigError(
            f"{folder} already contains a run. Resume it with --resume {folder}, repeat this "
            "command with --resume auto, or choose another folder with --out."
        )
    return folder
