"""Training of a new run, and continuation of a run."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from translate.engine.checkpoints import retention
from translate.engine.checkpoints.initialization import InitialWeights
from translate.engine.config.schema import Config
from translate.engine.disk import locks
from translate.engine.loading import workers
from translate.engine.processes import distributed
from translate.engine.processes.launch import restarts_share_store
from translate.engine.processes.signals import Interrupts
from translate.engine.runs.writer import remove_partial_run_files
from translate.engine.system.randomness import deterministic
from translate.engine.training.loop import Loop
from translate.engine.training.new_run import NewRun
from translate.engine.training.plan import measure_plan
from translate.engine.training.resume import ResumePoint
from translate.engine.training.session import Session, open_session
from translate.errors import ConfigError
from translate.progress import ProgressReporter
from translate.results import TrainingResult

logger = logging.getLogger(__name__)


def start(
    config: Config,
    *,
    out: Path | None = None,
    init: InitialWeights | None = None,
    dry_run: bool = False,
    progress: ProgressReporter,
    interrupts: Interrupts | None = None,
) -> TrainingResult:
    """Train a new run.

    Args:
        config: The configuration.
        out: The run folder; None: a new folder under ``runs/``.
        init: Initial weights from another run; tensors that do not match are not used.
        dry_run: Only return the plan of training.
        progress: Shows the progress.
        interrupts: Signals and a time limit that stop training.

    Raises:
        TranslateError: A check failed, or training cannot continue.
    """
    with _processes(config) as device:
        session = open_session(device, NewRun(config, out, init), dry_run=dry_run)
        return _plan(session) if dry_run else _train(session, progress, interrupts)


def resume(
    run: Path,
    *,
    flags: Mapping[str, Any] | None = None,
    assignments: Sequence[str] = (),
    accept_data_change: bool = False,
    fork: bool = False,
    out: Path | None = None,
    dry_run: bool = False,
    progress: ProgressReporter,
    interrupts: Interrupts | None = None,
    command: Config | None = None,
) -> TrainingResult:
    """Continue `run` from its newest complete checkpoint.

    Args:
        run: The run folder.
        flags: Settings that replace those of the run.
        assignments: Further settings, ``key=value``.
        accept_data_change: Continue even if the images have changed.
        fork: Continue in another folder, where any setting may change that matches the weights.
        out: The folder of a fork; None: a new one next to the run.
        dry_run: Only return the plan of the remaining steps.
        progress: Shows the progress.
        interrupts: Signals and a time limit that stop training.
        command: The complete configuration, instead of `flags` and `assignments`.

    Raises:
        ConfigError: A changed setting would make another run of it, and it is not forked.
        DataError: The images have changed.
    """
    workers.refuse_in_worker()
    point = ResumePoint(
        run,
        flags or {},
        assignments,
        fork=fork,
        out=out,
        command=command,
        accept_data_change=accept_data_change,
    )
    with _processes(point.config) as device:
        session = open_session(device, point, dry_run=dry_run)
        if not session.is_complete:
            if dry_run:
                return _plan(session)
            return _train(session, progress, interrupts, -1 if fork else point.newest_step)
        if distributed.is_first() and not dry_run:
            with locks.lock_folder(run):
                remove_partial_run_files(run)  # of a process that was killed after its last step
        point.report_complete(session.training.step, session.plateau)
        return TrainingResult(run, session.training.step)


def start_or_resume(
    config: Config,
    *,
    out: Path,
    init: InitialWeights | None = None,
    accept_data_change: bool = False,
    dry_run: bool = False,
    progress: ProgressReporter,
    interrupts: Interrupts | None = None,
) -> TrainingResult:
    """Continue the run in `out` if it has a checkpoint, else start it.

    A launcher such as torchrun can then repeat the same command after a failure. Raises
    `ConfigError` if `config` differs from that of the run.
    """
    common: Any = {"dry_run": dry_run, "progress": progress, "interrupts": interrupts}
    with _processes(config):  # all processes decide before the first one writes
        if distributed.is_first() and restarts_share_store():
            logger.info(
                "torchrun's restarts may not connect: export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 "
                "on every node before it starts"
            )
        exists = distributed.all_reduce_max(any(retention.list_checkpoints(out)))
        if not exists:
            return start(config, out=out, init=init, **common)
        return resume(out, command=config, accept_data_change=accept_data_change, **common)


@contextmanager
def _processes(config: Config) -> Iterator[torch.device]:
    """Join the other processes of this training; yield the device to train on."""
    workers.refuse_in_worker()
    device = distributed.choose_device(config.train.device)
    group = distributed.process_group(device, config.train.timeout)
    with group, deterministic(config.train.deterministic):
        yield device


def _plan(session: Session) -> TrainingResult:
    step = session.training.step
    return TrainingResult(session.writer.path, step, plan=measure_plan(session))


def _train(
    session: Session, progress: ProgressReporter, interrupts: Interrupts | None, newest: int = -1
) -> TrainingResult:
    """Train a session whose folder had checkpoints up to step `newest` when it was opened."""
    folder = session.writer.path
    if not distributed.is_first():
        return Loop(session, progress, interrupts or Interrupts()).run()
    with locks.lock_folder(folder):
        if (step := retention.newest_step(folder)) > newest:
            raise ConfigError(
                f"{folder}: another process has trained there meanwhile, to step {step}. To "
                f"continue from that step: translate train --resume {folder}"
            )
        return Loop(session, progress, interrupts or Interrupts()).run()
