"""The start of a new run: its folder, and initial weights from another run."""

import logging
from pathlib import Path
from typing import Any

from translate.batches import ImageSpec
from translate.engine.checkpoints import read, retention
from translate.engine.checkpoints.initialization import InitialWeights
from translate.engine.checkpoints.state import TrainingState
from translate.engine.config import schema
from translate.engine.data import check, places
from translate.engine.data.domains import image_counts
from translate.engine.runs.writer import RunWriter
from translate.errors import ConfigError
from translate.folders.names import short_names

logger = logging.getLogger(__name__)


class NewRun:
    """A run that starts at step 0; `open_session` takes a `NewRun` or a `ResumePoint`.

    Args:
        config: the configuration.
        out: the run folder; None: a new folder under ``runs/``.
        init: initial weights from another run; None: random weights.
        dry_run: whether to write nothing.
    """

    directory = ""
    """directory that paths of the configuration are relative to; empty: the working directory"""
    recorded_spec: ImageSpec | None = None
    """the spec of the images at the start of a resumed run; a new run has none"""

    def __init__(
        self, config: schema.Config, out: Path | None, init: InitialWeights | None, *, dry_run: bool
    ) -> None:
        self.config, self.out, self.init, self.dry_run = config, out, init, dry_run

    @property
    def checkpoint(self) -> read.Checkpoint | None:
        """The checkpoint of initial weights if the recipe has the same options, else None.

        The size of its weights limits the memory while networks are built.
        """
        if self.init and self.init.checkpoint.config.options == self.config.options:
            return self.init.checkpoint
        return None

    def folder(self) -> Path:
        """Return the run folder; raises `ConfigError` if it has a run already."""
        config = self.config
        names = [n.replace("/", "-") for n in (config.recipe, *short_names(config.data.domains))]
        return unused_folder(self.out, Path("runs") / "-".join(names))

    def resolve_paths(self, config: schema.Config) -> tuple[schema.Config, schema.Data, str]:
        """Return `config`, its data section, and `directory`: paths of a new run stay unchanged.

        Raises `DataError` if domains are names and the folder ``data.root`` that holds them is
        missing.
        """
        places.expect_root(config.data)
        return config, config.data, self.directory

    def load(self, training: TrainingState) -> list[str]:
        """Load the initial weights, if any; return messages on damaged checkpoints and tensors."""
        return [*self.init.messages, *self.init.load(training)] if self.init else []

    def origin(self) -> dict[str, Any]:
        """Return the entry of ``run.json`` about the initial weights; {} without any."""
        return {"init": self.init.facts} if self.init else {}

    def report(self, writer: RunWriter, training: TrainingState, data: check.CheckedData) -> None:
        """Log what is trained, where, and on how many images; nothing in a dry run."""
        if self.dry_run:
            return
        config, device = training.config, training.device.type
        if device == "cpu" and config.train.device == "auto":
            device = "cpu, as no GPU was found"
        counts = image_counts(data.layout).items()
        images = ", ".join(f"{count:,} {name}" for name, count in counts)
        rows, columns = config.data.crop
        logger.info(
            f"training {config.recipe} in {writer.path}: {images}, crops of {rows}x{columns}, "
            f"{writer.run.steps:,} steps, on {device}"
        )


def unused_folder(out: Path | None, default: Path) -> Path:
    """Return `out`; without it, the first of `default`, ``default-2``, ... that does not exist.

    Raises `ConfigError` if the folder has a run already.
    """
    number, folder = 2, out or default
    while not out and folder.exists():
        folder, number = default.with_name(f"{default.name}-{number}"), number + 1
    # a run that was killed at its start has neither a checkpoint nor a log; its folder can be used
    if any(retention.list_checkpoints(folder)) or (folder / "log.jsonl").exists():
        raise ConfigError(
            f"{folder} already contains a run. Resume it with --resume {folder}, repeat this "
            "command with --resume auto, or choose another folder with --out."
        )
    return folder
