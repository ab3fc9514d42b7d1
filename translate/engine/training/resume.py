"""Resuming of a run: its checkpoint, its configuration, and messages on changes."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from translate.batches import ImageSpec
from translate.engine.checkpoints import contents, read, retention
from translate.engine.checkpoints.state import TrainingState
from translate.engine.config import schema
from translate.engine.config.diff import resumed_config
from translate.engine.data import places
from translate.engine.disk.records import json_files
from translate.engine.optimization.schedules import Schedule, rate_changes, total_steps
from translate.engine.processes import distributed
from translate.engine.runs.run_record import machine_changes, working_directory_of
from translate.engine.training.new_run import unused_folder
from translate.errors import CheckpointError, ConfigError, DataError

logger = logging.getLogger(__name__)


class ResumePoint:
    """The newest complete checkpoint of a run, and the configuration to continue with.

    Args:
        run: the run folder.
        flags: settings that replace those of the run.
        assignments: further settings, ``key=value``.
        fork: whether the run continues in another folder, where any setting may change.
        out: the folder of a fork; None: a new one next to the run.
        command: the complete configuration of ``--resume auto``, instead of `flags`.
        accept_data_change: whether the run continues even if the images have changed.

    Raises:
        ConfigError: a changed setting would make another run of it, and it is not forked.
    """

    def __init__(
        self,
        run: Path,
        flags: Mapping[str, Any],
        assignments: Sequence[str],
        *,
        fork: bool = False,
        out: Path | None = None,
        command: schema.Config | None = None,
        accept_data_change: bool = False,
    ) -> None:
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
        self.run, self.fork, self.out = run, fork, out
        self.accept_data_change = accept_data_change
        self.directory = working_directory_of(run)
        """the working directory when the paths of the configuration were typed"""
        self.checkpoint = read.read_checkpoint(path)
        """the checkpoint that is loaded into the networks"""
        self.recorded_spec = None if fork else self.checkpoint.spec
        """the spec of the images at the start of the run"""
        self.config, self.changes = resumed_config(
            self.checkpoint.config, run, flags, assignments, fork=fork, command=command
        )
        """the configuration to continue with, and a line for each change"""
        given = [key.partition("=")[0].strip() for key in (*flags, *assignments)]
        self.has_new_root = "data.root" in given

    def folder(self) -> Path:
        """Return the run folder, or that of a fork.

        Raises `CheckpointError` on all processes if their newest checkpoints differ.
        """
        folder = self.run
        if self.fork:
            folder = unused_folder(self.out, self.run.with_name(f"{self.run.name}-fork"))
        self._expect_same_checkpoint()
        return folder

    def _expect_same_checkpoint(self) -> None:
        step = self.checkpoint.step
        newest, oldest = (distributed.all_reduce_max(number) for number in (step, -step))
        if newest != -oldest:
            raise CheckpointError(
                f"{self.run}: the newest checkpoint is that of step {-oldest} for one process, and "
                f"of step {newest} for another. Expected one folder on a file system that all "
                "machines share: choose it with --out."
            )

    def locate(self, config: schema.Config) -> tuple[schema.Config, schema.Data, str]:
        """Return `config`, its data section with paths that exist from the working directory.

        The third value is the directory that the paths in `config` are relative to, or empty for
        the working directory.
        """
        directory = self.directory
        data = places.locate(config.data, directory, root_changed=self.has_new_root)
        if data == config.data:
            return config, data, ""
        names = any(Path(domain).name == domain for domain in data.domains)
        logger.info(f"reading {' and '.join(data.domains)}{f' in {data.root}' * names}")
        if self.has_new_root:
            return config.model_copy(update={"data": data}), data, ""
        return config, data, directory

    def restore(self, training: TrainingState, steps: int, items: int) -> list[str]:
        """Load the checkpoint into `training`; return a message for each change of settings.

        Args:
            training: the state before the first step.
            steps: the step at which training ends.
            items: number of items of the layout.

        Raises:
            CheckpointError: the weights do not match the networks.
            ConfigError: a fork has no step left.
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
        if training.step >= steps and self.fork:
            raise ConfigError(
                f"{self.run} is complete: {training.step} steps, and this fork would take none. "
                f"To train as long again: translate train --resume {self.run} --fork-run --steps "
                f"{training.step * 2}"
            )
        if self.fork:  # the best checkpoint so far is not in its folder
            training.selection = None
        before = self.checkpoint.config.train
        return self.changes + rate_changes(
            training.optimizers,
            self.checkpoint.description["optimizers"],
            training.step,
            Schedule(total_steps(before, items), before),
            Schedule(steps, training.config.train),
        )

    def origin(self) -> dict[str, Any]:
        """Return the record of a fork's origin for ``run.json``; empty without a fork."""
        facts = {"run": str(self.run), "step": self.checkpoint.step}
        return {"fork": facts} if self.fork else {}

    def report(self, folder: Path, training: TrainingState) -> None:
        """Log differences from the machine before, and the step at which training continues."""
        for change in machine_changes(self.run, self.checkpoint, training):
            logger.info(f"{change}: training continues, but not bit for bit.")
        where = f" in {folder}" if self.fork else ""
        logger.info(f"resuming {self.run} from step {training.step}{where}")

    def report_complete(self, step: int, plateau: str) -> None:
        """Log that the run has no step left; `plateau`: the reason of early stopping, or empty."""
        end, key = f"{self.run} is complete: {step} steps", "--steps N with a larger N"
        if plateau:
            end, key = f"{end}, {plateau}", "--set train.patience=N with a larger N"
        logger.info(f"{end}. {key} continues it.")
        if self.changes:
            keys = "; ".join(line.partition(": ")[0] for line in self.changes)
            logger.info(f"nothing was changed: {keys}")

    def expect_same_data(self, change: str) -> None:
        """Raise `DataError` for a `change` of the images, unless the user accepts it."""
        if not change:
            return
        if not self.accept_data_change:
            raise DataError(
                f"{change}. A run cannot be continued bit-exactly on other images: restore them, "
                "or continue with --accept-data-change."
            )
        logger.info(f"{change}: continuing, but not bit for bit")


def label_domains(data: schema.Data, spec: ImageSpec) -> tuple[str, ...]:
    """Return the domains of `data` that are label maps in `spec`."""
    names, domains = data.domains, spec.domains
    if len(names) != len(domains):  # images of several domains are in one file or folder
        names, domains = (names[0], names[-1]), (spec.source, spec.target)
    named = zip(names, domains, strict=True)
    return tuple(dict.fromkeys(name for name, domain in named if domain.labels))
