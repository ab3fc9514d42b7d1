"""Train a new run, or resume a run."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch

from translate.engine.checkpoints import retention
from translate.engine.checkpoints.initialization import InitialWeights
from translate.engine.config import layers
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
from translate.engine.training.request import AUTO, TrainingRequest
from translate.engine.training.resume import ResumePoint
from translate.engine.training.session import Session, open_session
from translate.errors import ConfigError
from translate.progress import ProgressReporter
from translate.results import TrainingResult

logger = logging.getLogger(__name__)


def train(
    request: TrainingRequest, *, progress: ProgressReporter, interrupts: Interrupts | None = None
) -> TrainingResult:
    """Train a new run, or continue a run.

    With ``--resume auto``, a launcher such as torchrun can repeat one command after a failure.

    Args:
        request: What to train.
        progress: Shows the progress.
        interrupts: Signals and a time limit that stop training.

    Raises:
        TranslateError: A check failed, or training cannot continue.
    """
    common: Any = {"progress": progress, "interrupts": interrupts}
    if request.resume is not None and request.resume != AUTO:
        return _resume(ResumePoint(Path(request.resume), request), **common)
    init, out = InitialWeights(request.init) if request.init else None, request.out
    config = (init.configuration if init else layers.resolve)(
        request.plugin, config=request.config, flags=request.flags, assignments=request.assignments
    )
    folder = out if request.resume == AUTO else None
    with _processes(config) if folder else nullcontext():  # all decide before the first one writes
        if folder and _has_checkpoint(folder):
            return _resume(ResumePoint(folder, request, config), **common)
        return start(config, out=out, init=init, dry_run=request.dry_run, **common)


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
        session = open_session(device, NewRun(config, out, init, dry_run=dry_run))
        return _plan(session) if dry_run else _train(session, progress, interrupts)


def _resume(
    point: ResumePoint, *, progress: ProgressReporter, interrupts: Interrupts | None = None
) -> TrainingResult:
    """Continue a run from `point`; a dry run returns the plan of the remaining steps.

    Args:
        point: The checkpoint and the configuration to continue with.
        progress: Shows the progress.
        interrupts: Signals and a time limit that stop training.

    Raises:
        ConfigError: The run is complete, and `point` is a fork.
        DataError: The images have changed.
    """
    with _processes(point.config) as device:
        session = open_session(device, point)
        if not session.is_complete:
            if point.dry_run:
                return _plan(session)
            return _train(session, progress, interrupts, -1 if point.fork else point.newest_step)
        if distributed.is_first() and not point.dry_run:
            with locks.lock_folder(point.run):
                # a process may have been killed after its last step
                remove_partial_run_files(point.run)
        point.report_complete(session.training.step, session.plateau)
        return TrainingResult(point.run, session.training.step)


def _has_checkpoint(out: Path) -> bool:
    """Return whether the run in `out` has a checkpoint that any of the processes can read."""
    if distributed.is_first() and restarts_share_store():
        logger.info(
            "torchrun's restarts may not connect: export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 "
            "on every node before it starts"
        )
    return bool(distributed.all_reduce_max(any(retention.list_checkpoints(out))))


@contextmanager
def _processes(config: Config) -> Iterator[torch.device]:
    """Join the other processes that train this run; yield the device to train on."""
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
    """Train in a run folder with the newest checkpoint at step `newest`; -1 if it has none."""
    folder, is_first = session.writer.path, distributed.is_first()
    with locks.lock_folder(folder) if is_first else nullcontext():
        if is_first and (step := retention.newest_step(folder)) > newest:
            raise ConfigError(
                f"{folder}: another process has trained there meanwhile, to step {step}. To "
                f"continue from that step: translate train --resume {folder}"
            )
        return Loop(session, progress, interrupts or Interrupts()).run()
