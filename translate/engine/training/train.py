"""Train a recipe from the beginning, or continue a run."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
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
from translate.engine.training.plan import measure_plan
from translate.engine.training.resume import ResumePoint
from translate.engine.training.session import Session, open_session
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
    """Train from the beginning, in the run folder `out` or a new one under ``runs/``.

    With `init`, networks begin with the weights of another run, as far as they fit. A dry run
    returns the plan alone.
    """
    with _processes(config) as device:
        session = open_session(config, device, init=init, out=out, dry_run=dry_run)
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
) -> TrainingResult:
    """Continue `run` from its newest whole checkpoint; what is not given comes from the run.

    `flags` and `assignments` are as `config.resolve` takes them. A `fork` continues in a folder of
    its own, `out` or one beside the run, and may change anything that the weights still fit.
    Raises `ConfigError` for a change that makes another run of one that is not forked, `DataError`
    where the images are others than those trained on so far, unless that is accepted. A dry run
    returns the plan of the remaining steps alone.
    """
    workers.refuse_in_worker()
    point = ResumePoint(run, flags or {}, assignments, fork=fork)
    return _resume(
        point,
        out=out,
        accept_data_change=accept_data_change,
        dry_run=dry_run,
        progress=progress,
        interrupts=interrupts,
    )


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
    """Continue the run in `out` if it has a checkpoint, else start it: one command for both.

    So a launcher such as torchrun can run the same command again after a failure. Raises
    `ConfigError` where `config` is not that of the run.
    """
    how: Any = {"dry_run": dry_run, "progress": progress, "interrupts": interrupts}
    with _processes(config):  # so that all of them decide before the first one writes
        if distributed.is_first() and restarts_share_store():
            logger.info(
                "torchrun's restarts may not connect: export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 "
                "on every node before it starts"
            )
        exists = distributed.all_reduce_max(any(retention.list_checkpoints(out)))
        if not exists:
            return start(config, out=out, init=init, **how)
        point = ResumePoint(out, {}, (), command=config)
        return _resume(point, accept_data_change=accept_data_change, **how)


def _resume(
    point: ResumePoint,
    *,
    out: Path | None = None,
    accept_data_change: bool,
    dry_run: bool,
    progress: ProgressReporter,
    interrupts: Interrupts | None,
) -> TrainingResult:
    """Train from `point` to the end."""
    run = point.run
    with _processes(point.config) as device:
        session = open_session(
            point.config,
            device,
            resume_from=point,
            out=out,
            accept_data_change=accept_data_change,
            dry_run=dry_run,
        )
        if session.training.step < session.steps and not session.plateau:
            return _plan(session) if dry_run else _train(session, progress, interrupts)
        if distributed.is_first() and not dry_run:
            with locks.lock_folder(
                run
            ):  # the process before may have been killed after its last step
                remove_partial_run_files(run)
        point.report_complete(session.training.step, session.plateau)
        return TrainingResult(run, session.training.step)


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
    session: Session, progress: ProgressReporter, interrupts: Interrupts | None
) -> TrainingResult:
    with _locked(session.writer.path):
        return Loop(session, progress, interrupts or Interrupts()).run()


@contextmanager
def _locked(run: Path) -> Iterator[None]:
    """Keep other processes from training in `run`; of several that train as one, the first does."""
    with locks.lock_folder(run) if distributed.is_first() else nullcontext():
        yield
