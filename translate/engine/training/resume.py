"""The start of a resumed run: its checkpoint, its configuration, and messages on changes."""

import logging
from pathlib import Path
from typing import Any

from translate.batches import ImageSpec
from translate.engine.checkpoints import contents, read, retention
from translate.engine.checkpoints.state import TrainingState
from translate.engine.config import schema
from translate.engine.config.diff import resumed_config
from translate.engine.data import check, places
from translate.engine.disk.records import json_files
from translate.engine.optimization.schedules import Schedule, rate_changes, total_steps
from translate.engine.processes import distributed
from translate.engine.runs.run_record import machine_changes, working_directory_of
from translate.engine.runs.writer import RunWriter
from translate.engine.training.new_run import unused_folder
from translate.engine.training.request import TrainingRequest
from translate.errors import CheckpointError, ConfigError, DataError

logger = logging.getLogger(__name__)


class ResumePoint:
    """The newest complete checkpoint of a run, and the configuration to continue with.

    Args:
        run: the run folder.
        request: what to change, and whether to fork the run.
        command: the complete configuration of ``--resume auto``, instead of the settings of
            `request`.

    Raises:
        ConfigError: only a fork may change one of these settings.
    """

    def __init__(
        self, run: Path, request: TrainingRequest, command: schema.Config | None = None
    ) -> None:
        flags, assignments = ({}, ()) if command else (request.flags, request.assignments)
        fork = request.fork_run
        with json_files.readable(run):
            is_checkpoint = (run / contents.MANIFEST).is_file()
        if is_checkpoint:
            raise ConfigError(
                f"{run} is a checkpoint, expected its run: --resume {run.parent.parent}"
            )
        self.newest_step = retention.newest_step(run)
        path, messages = retention.newest_checkpoint(run)
        for message in messages:
            logger.info(f"{message} Resuming from {path.name}.")
        self.run, self.fork, self.out, self.dry_run = run, fork, request.out, request.dry_run
        self.accept_data_change = request.accept_data_change
        self.directory = working_directory_of(run)
        """the directory that paths are relative to: the working directory when they were typed"""
        self.checkpoint = read.read_checkpoint(path)
        self.recorded_spec = None if fork else self.checkpoint.spec
        """the spec of the images at the start of the run"""
        self.config, self.changes = resumed_config(
            self.checkpoint.config, run, flags, assignments, fork=fork, command=command
        )
        """the configuration to continue with, and a line for each change"""
        keys = [key.partition("=")[0].strip() for key in (*flags, *assignments)]
        self.has_new_root = "data.root" in keys

    def folder(self) -> Path:
        """Return the folder of the run, or of its fork.

        Raises `CheckpointError` on all processes if their newest checkpoints differ.
        """
        folder = self.run
        if self.fork:
            folder = unused_folder(self.out, self.run.with_name(f"{self.run.name}-fork"))
        step = self.checkpoint.step
        newest, oldest = distributed.all_reduce_max(step), -distributed.all_reduce_max(-step)
        if newest != oldest:
            raise CheckpointError(
                f"{self.run}: the newest checkpoint is that of step {oldest} for one process, and "
                f"of step {newest} for another. Expected one folder on a file system that all "
                "machines share: choose it with --out."
            )
        return folder

    def resolve_paths(self, config: schema.Config) -> tuple[schema.Config, schema.Data, str]:
        """Return the configuration to record, the data section to read, and a directory.

        The paths in the data section exist from the working directory. Those in the configuration
        are relative to the directory; it is empty for the working directory.
        """
        data = places.locate(config.data, self.directory, root_changed=self.has_new_root)
        if data == config.data:
            return config, data, ""
        names = any(Path(domain).name == domain for domain in data.domains)
        logger.info(f"reading {' and '.join(data.domains)}{f' in {data.root}' * names}")
        if self.has_new_root:
            return config.model_copy(update={"data": data}), data, ""
        return config, data, self.directory

    def load(self, training: TrainingState) -> list[str]:
        """Load the checkpoint into `training`; return a message for each change of settings.

        Raises `CheckpointError` if the weights do not match the networks.
        """
        try:
            self.changes += read.restore(training, self.checkpoint)
        except CheckpointError as error:
            if not self.fork or training.config.options == self.checkpoint.config.options:
                raise
            raise CheckpointError(
                f"{error} To start a new run with the tensors that match, type --init {self.run} "
                f"instead of --resume {self.run} --fork-run."
            ) from error
        if self.fork:  # the best checkpoint so far is not in the folder of the fork
            training.selection = None
        return self.changes

    def origin(self) -> dict[str, Any]:
        """Return the entry of ``run.json`` about the run that this fork continues, or {}."""
        facts = {"run": str(self.run), "step": self.checkpoint.step}
        return {"fork": facts} if self.fork else {}

    def report(self, writer: RunWriter, training: TrainingState, data: check.CheckedData) -> None:
        """Log at which step training continues, and what differs from the session before.

        Raises `DataError` for a change of the images, unless the user accepts it.
        """
        before = self.checkpoint.config.train
        rates = rate_changes(
            training.optimizers,
            self.checkpoint.description["optimizers"],
            training.step,
            Schedule(total_steps(before, len(data.layout)), before),
            Schedule(writer.run.steps, training.config.train),
        )
        for change in rates:
            logger.info(change)
        for change in machine_changes(self.run, self.checkpoint, training):
            logger.info(f"{change}: training continues, but not bit for bit.")
        where = f" in {writer.path}" if self.fork else ""
        logger.info(f"resuming {self.run} from step {training.step}{where}")
        if not (data_change := writer.data_change(data)):
            return
        if not self.accept_data_change:
            raise DataError(
                f"{data_change}. A run cannot be continued bit-exactly on other images: restore "
                "them, or continue with --accept-data-change."
            )
        logger.info(f"{data_change}: continuing, but not bit for bit")

    def report_complete(self, step: int, plateau: str) -> None:
        """Log that the run has no step left, and how to continue it; a fork raises `ConfigError`.

        `plateau` is the reason of early stopping, or empty.
        """
        if self.fork:
            raise ConfigError(
                f"{self.run} is complete: {step} steps, and this fork would take none. To train "
                f"as long again: translate train --resume {self.run} --fork-run --steps {step * 2}"
            )
        end, key = f"{self.run} is complete: {step} steps", "--steps N with a larger N"
        if plateau:
            end, key = f"{end}, {plateau}", "--set train.patience=N with a larger N"
        logger.info(f"{end}. {key} continues it.")
        if self.changes:
            keys = "; ".join(line.partition(": ")[0] for line in self.changes)
            logger.info(f"nothing was changed: {keys}")


def label_domains(data: schema.Data, spec: ImageSpec) -> tuple[str, ...]:
    """Return the domains of `data` that are label maps in `spec`."""
    names, domains = data.domains, spec.domains
    if len(names) != len(domains):  # images of several domains are in one file or folder
        names, domains = (names[0], names[-1]), (spec.source, spec.target)
    pairs = zip(names, domains, strict=True)
    return tuple(dict.fromkeys(name for name, domain in pairs if domain.labels))
