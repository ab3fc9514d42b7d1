"""The training log: for each interval a record, a line of means; a message if steps are slow."""

import logging
import time
from collections.abc import Mapping

import torch
from torch import Tensor

from translate.engine.checkpoints.state import TrainingState
from translate.engine.config import yaml_text
from translate.engine.loading import loader
from translate.engine.optimization.guard import Guard
from translate.engine.optimization.step import StepResult
from translate.engine.plugins.configs import configs
from translate.engine.processes import distributed
from translate.engine.processes.threads import ThreadCount
from translate.engine.system.memory import peak_memory_mb
from translate.engine.training.monitoring.monitor import TrainingMonitor
from translate.engine.training.session import Session
from translate.errors import ConfigError
from translate.progress import ProgressReport, ProgressReporter, duration
from translate.run import LogRecord

MAX_NAMES = 4
"""largest number of images named by the message on a step with a skipped turn"""
TIMED_STEPS = 3
"""number of steps after which the remaining time is estimated for a message"""
MINUTE, DAY = 60, 24 * 3600  # seconds

logger = logging.getLogger(__name__)


class IntervalLog:
    """Collects the results of steps, and writes a record of their means."""

    def __init__(
        self,
        session: Session,
        guard: Guard,
        threads: ThreadCount,
        monitor: TrainingMonitor,
        progress: ProgressReporter,
    ) -> None:
        self.session, self.training = session, session.training
        self.first_step = session.training.step
        self.guard, self.threads, self.monitor, self.progress = guard, threads, monitor, progress
        self.results: list[StepResult] = []
        """results of the steps since the last record"""
        self.wait_seconds = 0.0
        """time of the interval spent waiting for images"""
        self.metric_values: Mapping[str, float] = {}
        """metrics of the newest evaluation, by name"""
        self.evaluation_seconds = 0.0
        """time of the interval spent on evaluations"""
        self.start = time.perf_counter()
        self.skipped = 0
        """number of turns skipped before the last record"""

    def restart(self) -> None:
        """Start an interval."""
        self.results.clear()
        self.wait_seconds, self.start = 0.0, time.perf_counter()
        self.evaluation_seconds = 0.0

    def add(self, result: StepResult, wait_seconds: float) -> None:
        """Add the result of one step, and the time that it waited for its images."""
        self.results.append(result)
        self.wait_seconds += wait_seconds
        if len(self.results) == TIMED_STEPS == self.training.step - self.first_step:
            seconds = self.seconds() / TIMED_STEPS
            report_long_training(seconds, self.training, self.session.steps)

    def add_evaluation(self, metric_values: Mapping[str, float], seconds: float) -> None:
        """Add the metrics of an evaluation after this step, and its time in seconds."""
        self.metric_values = metric_values
        self.evaluation_seconds += seconds

    def seconds(self) -> float:
        """Return the time of the interval in seconds, without evaluations."""
        return time.perf_counter() - self.start - self.evaluation_seconds

    def write(self) -> None:
        """Write a record of the interval, unless it has no step, and start the next."""
        if not self.results:
            return
        seconds = self.seconds()
        record = self._record(seconds)
        if distributed.is_first():
            self.session.writer.log(record)
            self.monitor.check_record(record)
            steps, evaluations = self.session.steps, self.session.evaluations
            left = (steps - record.step) * seconds / len(self.results)
            if evaluations:
                left += evaluations.seconds_left(steps)
                evaluations.report_cost(seconds / len(self.results))
            report = ProgressReport(
                record.step,
                steps,
                record.losses,
                record.images_per_second,
                record.data_wait,
                left,
                self.metric_values,
                record.memory_mb,
            )
            self.progress.progress(report)
        self.restart()

    def _record(self, seconds: float) -> LogRecord:
        step, batch_size = self.training.step, self.training.config.train.batch_size
        optimizers = self.training.optimizers
        evaluation = {f"evaluation/{name}": v for name, v in self.training.metric_values.items()}
        return LogRecord(
            step=step,
            epoch=round(step * batch_size / len(self.session.data.layout), 4),
            losses=_means([result.losses for result in self.results]),
            metrics={**_means([result.metrics for result in self.results]), **evaluation},
            evaluation_seconds=round(self.evaluation_seconds, 3),
            lr={name: o.param_groups[0]["lr"] for name, o in optimizers.items()},
            grad_norm=_means([result.norms for result in self.results]),
            images_per_second=round(len(self.results) * batch_size / seconds, 3),
            data_wait=round(self.wait_seconds / seconds, 4),
            memory_mb=peak_memory_mb(),
            threads=self.threads.current,
            skipped=int(self.guard.total),
            skipped_files=self._skipped_files(),
            first_losses=_means([self.results[0].losses] if step == len(self.results) else []),
        )

    def _skipped_files(self) -> dict[str, list[str]]:
        """Return the files of each step with a skipped turn; log the first such step of a run."""
        if int(self.guard.total) == self.skipped:
            return {}
        train, is_first = self.training.config.train, self.skipped == 0
        self.skipped = int(self.guard.total)
        files: dict[str, list[str]] = {}
        for step, result in enumerate(self.results, self.training.step - len(self.results)):
            players = [name for name, turns in result.skipped.items() if any(map(bool, turns))]
            if not players:
                continue
            names = loader.item_names(
                self.session.data, seed=train.seed, batch_size=train.batch_size, step=step
            )
            files[str(step + 1)] = names
            if is_first:
                is_first = False
                logger.info(
                    f"step {step + 1}: a loss or gradient of {' and '.join(players)} was not "
                    "finite, and updated no weights. The images: "
                    f"{', '.join(names[:MAX_NAMES]) or 'see the data'}"
                )
        return files


def _means(values: list[dict[str, Tensor]]) -> dict[str, float]:
    """Return the mean of the finite values of each name; NaN if none is finite."""
    by_name: dict[str, list[Tensor]] = {}
    for step in values:
        for name, value in step.items():
            by_name.setdefault(name, []).append(value.float())
    return {name: float(torch.stack(each).nanmean()) for name, each in by_name.items()}


def report_long_training(seconds: float, training: TrainingState, steps: int) -> None:
    """Log the remaining time if steps are slow, and small configurations if it is days on a CPU.

    Steps are slow if more than a minute passes between two lines of the log. A step takes
    `seconds`, and training ends at step `steps`.
    """
    left = (steps - training.step) * seconds
    if seconds * training.config.train.log_every > MINUTE:
        logger.info(f"{seconds:.1f} s per step, {duration(left)} left")
    if left < DAY or training.device.type != "cpu":
        return
    recipe = training.config.recipe
    small = [n for n in configs() if n.endswith("-small") and _recipe_of(n) == recipe]
    if small:
        options = " or ".join(f"--config {name}" for name in small)
        logger.info(f"For faster training on a CPU: {options}")


def _recipe_of(config: str) -> object:
    """Return the recipe in the configuration named `config`; None if its file cannot be read."""
    try:
        return yaml_text.read(config).get("recipe")
    except ConfigError:  # a broken file of a plugin
        return None
