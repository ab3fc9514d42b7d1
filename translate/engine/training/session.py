"""The start of `translate train`: everything is built and checked before the first step."""

import logging
import math
from collections.abc import Callable, Generator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from translate.engine.checkpoints import read
from translate.engine.checkpoints.state import TrainingState
from translate.engine.checks.layout import check_batch_type
from translate.engine.checks.option_files import locate_option_files
from translate.engine.checks.parts import check_networks_and_losses
from translate.engine.checks.shapes import check_crop_size
from translate.engine.config import layers, schema
from translate.engine.data import check, samples
from translate.engine.data.opened_files import OpenedFiles
from translate.engine.disk import folders
from translate.engine.disk.records.problems import Problem
from translate.engine.evaluation.evaluations import Evaluations
from translate.engine.loading import loader, workers
from translate.engine.optimization.build import build_training
from translate.engine.optimization.graphs.networks import allows_pinning
from translate.engine.optimization.schedules import total_steps
from translate.engine.processes import distributed
from translate.engine.runs.trackers import create_trackers
from translate.engine.runs.writer import RunWriter
from translate.engine.splits.near_duplicates import split_warnings
from translate.engine.splits.validation import add_validation
from translate.engine.system.memory import without_collection
from translate.engine.training.new_run import NewRun
from translate.engine.training.resume import ResumePoint, label_domains

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Session:
    """A model, its data and its run folder, ready for the first step of this process."""

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
        self, device: torch.device, stop_requested: Callable[[], object] = workers.never_stop
    ) -> Generator[tuple[Any, list[Problem]]]:
        """Yield the batches of this process from the current step to the last."""
        config = self.training.config
        share = config.train.batch_size // distributed.world_size()
        first = distributed.rank() * share
        return loader.batches(
            self.data,
            config.data,
            seed=config.train.seed,
            batch_size=config.train.batch_size,
            steps=range(self.training.step, self.steps),
            positions=range(first, first + share),
            pin=device.type == "cuda" and allows_pinning(config.train),
            stop_requested=stop_requested,
        )

    @property
    def is_complete(self) -> bool:
        """Whether there is no step left."""
        return self.training.step >= self.steps or bool(self.plateau)

    @property
    def plateau(self) -> str:
        """The reason to stop early, after too many evaluations without improvement; else ""."""
        return self.evaluations.plateau if self.evaluations else ""


@without_collection()  # loads large modules
def open_session(device: torch.device, start: NewRun | ResumePoint) -> Session:
    """Return a session on `device` after all checks; the run folder is created last.

    If a resumed run has no step left, nothing is written or logged. Raises `TranslateError` if a
    check fails.
    """
    folder, dry_run = start.folder(), start.dry_run
    option_files = locate_option_files(start.config, start.directory)
    config = _round_up_batch_size(start.config)
    trackers = create_trackers(config) if distributed.is_first() else []
    config, data, directory = start.resolve_paths(config)
    config = _without_preparation(config) if dry_run else config
    _ensure_samples(data, dry_run=dry_run)
    recorded = start.recorded_spec
    if recorded:  # label maps were detected at the start of the run
        data = data.model_copy(update={"labels": label_domains(data, recorded)})
    files = OpenedFiles()
    layout = check.open_layout(
        data, files=files, known_domains=recorded.domains if recorded else ()
    )
    if not recorded:
        check_networks_and_losses(config, layout, device)
        check_crop_size(config, layout)
    with read.memory_limit(start.checkpoint) if start.checkpoint else nullcontext():
        training = build_training(config, recorded or layout.spec, device, option_files)
    check_batch_type(config, layout)
    checked_data = add_validation(check.check_data(layout, data, files), data, config)
    messages = start.load(training)  # after all that may draw random numbers
    steps = total_steps(config.train, len(checked_data.layout))
    origin = start.origin()
    writer = RunWriter(
        folder, training, steps, trackers=trackers, directory=directory, origin=origin
    )
    evaluations = None
    if config.train.evaluate_every and checked_data.validation and training.step < steps:
        evaluations = Evaluations(training, checked_data.validation)
    session = Session(training, checked_data, writer, steps, recorded is None, evaluations)
    if session.is_complete:
        return session
    if session.is_new and distributed.is_first():
        if not dry_run:
            folders.ensure_writable(folder)
        messages += split_warnings(checked_data, data)
    for message in messages:
        logger.info(message)
    start.report(writer, training, checked_data)
    return session


def _ensure_samples(data: schema.Data, *, dry_run: bool) -> None:
    """Generate missing sample images on the first process; a dry run requires them."""
    if dry_run:
        samples.expect_existing(data)
    elif distributed.is_first():
        samples.ensure(data)
    distributed.barrier()


def _without_preparation(config: schema.Config) -> schema.Config:
    """Return `config` without ``train.compile`` and ``train.cuda_graphs``, with a message.

    Both make the first steps slow, and a dry run takes no others. ``train.compile`` also writes a
    cache of compiled code.
    """
    off = {key: False for key in ("compile", "cuda_graphs") if getattr(config.train, key)}
    if not off:
        return config
    keys = " and ".join(f"train.{key}" for key in off)
    logger.info(f"a dry run is without {keys}, so its steps take longer than in training")
    return config.model_copy(update={"train": config.train.model_copy(update=off)})


def _round_up_batch_size(config: schema.Config) -> schema.Config:
    """Increase the batch size to a multiple of the number of microbatches, with a message."""
    world, train = distributed.world_size(), config.train
    microbatches = world * train.accumulate
    if train.batch_size % microbatches == 0:
        return config
    new_batch_size = math.ceil(train.batch_size / microbatches) * microbatches
    reasons = [f"{world} processes"] if world > 1 else []
    reasons += [f"train.accumulate={train.accumulate}"] if train.accumulate > 1 else []
    logger.info(
        f"train.batch_size is {new_batch_size} instead of {train.batch_size}: a multiple for "
        f"{' and '.join(reasons)}"
    )
    changed_train = {**train.model_dump(), "batch_size": new_batch_size}
    return layers.validate({**config.model_dump(), "train": changed_train})
