"""Training sessions: everything is built and checked before the loop starts."""

import logging
import math
from collections.abc import Callable, Generator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from translate.engine.checkpoints import read, retention
from translate.engine.checkpoints.initialization import InitialWeights
from translate.engine.checkpoints.state import TrainingState
from translate.engine.checks.layout import require_batch
from translate.engine.checks.parts import expect_parts
from translate.engine.checks.shapes import expect_size
from translate.engine.config import layers, schema
from translate.engine.data import check, places, samples
from translate.engine.data.opened_files import OpenedFiles
from translate.engine.disk import folders
from translate.engine.disk.records.problems import Problem
from translate.engine.evaluation.evaluations import Evaluations
from translate.engine.loading import loader, workers
from translate.engine.optimization.build import build_training
from translate.engine.optimization.graphs.networks import allows_pinning
from translate.engine.processes import distributed
from translate.engine.runs.trackers import create_trackers
from translate.engine.runs.writer import RunWriter
from translate.engine.splits.near_duplicates import split_warnings
from translate.engine.splits.validation import add_validation
from translate.engine.training.resume import ResumePoint
from translate.errors import ConfigError
from translate.folders.names import short_names

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Session:
    """A model, its data and its run folder, ready for the loop."""

    training: TrainingState
    data: check.CheckedData
    writer: RunWriter
    steps: int
    """the step at which training ends"""
    is_new: bool
    """whether the run folder is new, and needs a checkpoint before the first step"""
    evaluations: Evaluations | None = None
    """evaluations on the validation images; None without ``train.evaluate_every``"""

    def batches(
        self, device: torch.device, stop_requested: Callable[[], object] = workers.never
    ) -> Generator[tuple[Any, list[Problem]]]:
        """Yield the batches of this process from the current step to the last."""
        config = self.training.config
        return loader.batches(
            self.data,
            config.data,
            seed=config.train.seed,
            batch_size=config.train.batch_size,
            start=self.training.step,
            stop=self.steps,
            rank=distributed.rank(),
            world=distributed.world_size(),
            pin=device.type == "cuda" and allows_pinning(config.train),
            stop_requested=stop_requested,
        )

    @property
    def plateau(self) -> str:
        """The reason to stop early, after too many evaluations without improvement; else ""."""
        return self.evaluations.plateau if self.evaluations else ""


def open_session(
    config: schema.Config,
    device: torch.device,
    *,
    resume_from: ResumePoint | None = None,
    init: InitialWeights | None = None,
    out: Path | None = None,
    accept_data_change: bool = False,
    dry_run: bool = False,
) -> Session:
    """Return a session after all checks; the run folder is created last.

    If a resumed run has no step left, nothing is written or logged.

    Args:
        config: The configuration.
        device: The device to train on.
        resume_from: The run to continue; None: a new run.
        init: Initial weights from another run.
        out: The run folder; None: a new folder under ``runs/``.
        accept_data_change: Whether to resume even if the images have changed.
        dry_run: Whether to write nothing.

    Raises:
        TranslateError: A check failed.
    """
    is_new = resume_from is None or resume_from.fork
    folder = _new_folder(config, resume_from, out) if is_new or not resume_from else resume_from.run
    config = _batch_for_processes(config)
    trackers = create_trackers(config) if distributed.is_first() else []
    data, directory = config.data, ""
    if resume_from:
        resume_from.expect_same_checkpoint()
        config, data, directory = resume_from.locate(config)
    else:
        places.expect_root(data)
    if dry_run:
        config = _without_preparation(config)
        samples.expect_existing(data)
    elif distributed.is_first():
        samples.ensure(data)
    distributed.barrier()
    if resume_from and not is_new:  # label maps were detected at the start of the run
        data = data.model_copy(update={"labels": resume_from.label_domains(data)})
    files = OpenedFiles()
    known = resume_from.checkpoint.spec.domains if resume_from and not is_new else ()
    layout = check.open_layout(data, files=files, known=known)
    if is_new:
        expect_parts(config, layout, device)
        expect_size(config, layout)
    checkpoint = resume_from.checkpoint if resume_from else _same_networks(init, config)
    spec = layout.spec if is_new or not resume_from else resume_from.checkpoint.spec
    with read.memory_limit(checkpoint) if checkpoint else nullcontext():
        training = build_training(config, spec, device)
    require_batch(config, layout)
    messages = [*init.newer_problems, *init.load(training)] if init else []
    checked = add_validation(check.check_data(layout, data, files), data, config)
    steps = total_steps(config, len(checked.layout))
    origin: dict[str, Any] = {"init": init.facts} if init else {}
    if resume_from:
        before = total_steps(resume_from.checkpoint.config, len(checked.layout))
        messages += resume_from.restore(training, steps, steps_before=before)
        origin = resume_from.origin()
    writer = RunWriter(
        folder, training, steps, trackers=trackers, directory=directory, origin=origin
    )
    evaluations = None
    if config.train.evaluate_every and checked.validation and training.step < steps:
        evaluations = Evaluations(training, checked.validation)
    session = Session(training, checked, writer, steps, is_new, evaluations)
    if training.step >= steps or session.plateau:
        return session
    if is_new and distributed.is_first() and not dry_run:
        folders.ensure_writable(folder)
    if is_new and distributed.is_first():
        messages += split_warnings(checked, data)
    for message in messages:
        logger.info(message)
    if resume_from:
        resume_from.report(folder, training)
        resume_from.expect_same_data(writer.data_change(checked), accept=accept_data_change)
    return session


def total_steps(config: schema.Config, items: int) -> int:
    """Return the step at which training on a data set of `items` items ends."""
    if config.train.steps:
        return config.train.steps
    if config.train.epochs:
        return max(1, math.ceil(config.train.epochs * items / config.train.batch_size))
    raise ConfigError("the number of steps is not set: add --steps or --epochs.")


def _same_networks(init: InitialWeights | None, config: schema.Config) -> read.Checkpoint | None:
    """Return the checkpoint of `init` if `config` builds the same networks."""
    return init.checkpoint if init and init.checkpoint.config.options == config.options else None


def _without_preparation(config: schema.Config) -> schema.Config:
    """Return `config` without settings that make the first steps slow, and so need many of them.

    ``train.compile`` also writes a cache of compiled code.
    """
    off = {key: False for key in ("compile", "cuda_graphs") if getattr(config.train, key)}
    if not off:
        return config
    keys = " and ".join(f"train.{key}" for key in off)
    logger.info(f"a dry run is without {keys}, so its steps take longer than in training")
    return config.model_copy(update={"train": config.train.model_copy(update=off)})


def _batch_for_processes(config: schema.Config) -> schema.Config:
    """Increase the batch size to a multiple of processes and microbatches, with a message."""
    world, train = distributed.world_size(), config.train
    if train.batch_size % (world * train.accumulate) == 0:
        return config
    increased = math.ceil(train.batch_size / (world * train.accumulate)) * world * train.accumulate
    reasons = [f"{world} processes"] if world > 1 else []
    reasons += [f"train.accumulate={train.accumulate}"] if train.accumulate > 1 else []
    logger.info(
        f"train.batch_size is {increased} instead of {train.batch_size}: a multiple for "
        f"{' and '.join(reasons)}"
    )
    changed = {**train.model_dump(), "batch_size": increased}
    return layers.validate({**config.model_dump(), "train": changed})


def _new_folder(config: schema.Config, resume_from: ResumePoint | None, out: Path | None) -> Path:
    """Return the folder of a new run: `out`, or the default name with the next free number."""
    names = [n.replace("/", "-") for n in (config.recipe, *short_names(config.data.domains))]
    default = Path("runs") / "-".join(names)
    if resume_from:
        default = resume_from.run.with_name(f"{resume_from.run.name}-fork")
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
