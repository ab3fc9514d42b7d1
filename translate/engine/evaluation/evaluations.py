"""Evaluations during training, for the choice of the best checkpoint and for early stopping."""

import logging
import math
import time
from pathlib import Path

from translate.engine.checkpoints.references.selection import Selection
from translate.engine.checkpoints.state import TrainingState
from translate.engine.data.check import CheckedData
from translate.engine.disk.records.problems import FAILED, Problem
from translate.engine.evaluation.images import EvaluationImages
from translate.engine.evaluation.metric import choose_metric, measure
from translate.engine.evaluation.mode import evaluation_mode, gathered_weights
from translate.engine.plugins.errors import describe_unexpected
from translate.engine.processes import distributed
from translate.engine.runs.problem_list import ProblemList
from translate.errors import BadImage, TranslateError
from translate.progress import duration

logger = logging.getLogger(__name__)

COST_FRACTION = 0.1
"""fraction of the training time above which the cost of evaluations is logged"""
TRIAL_IMAGES = 2
"""images of each domain that are measured before training, so that errors come early"""


class Evaluations:
    """Measures the validation images every ``train.evaluate_every`` steps, on the first process.

    The other processes wait for the metric value, so that all of them take the same decision.

    Raises:
        ConfigError: There is no metric for these images, or it needs what they do not have.
    """

    def __init__(self, training: TrainingState, validation: CheckedData) -> None:
        train = training.config.train
        self.training, self.every, self.patience = training, train.evaluate_every, train.patience
        device = training.device
        self.images = EvaluationImages(training, validation, device)
        self.metric = choose_metric(train, training.spec, self.images.fields)
        self.needs = self.metric.create().needs
        training.selection = self.previous_selection = self._selection()
        """the selection before the newest evaluation"""
        self.seconds = 0.0
        """time that the newest evaluation took"""
        self.cost_reported = False
        """whether the cost of evaluations was logged"""
        with gathered_weights(training):
            if distributed.is_first():
                self._try_metric()

    def _try_metric(self) -> None:
        """Measure a few images, to find what the metric lacks."""
        with evaluation_mode(self.training) as recipe:
            measure(self.metric.create(), self.images.batches(recipe, self.needs, TRIAL_IMAGES))

    def is_due(self) -> bool:
        """Return whether there is an evaluation after this step."""
        return self.training.step % self.every == 0

    @property
    def plateau(self) -> str:
        """The reason to stop early, after too many evaluations without improvement; else ""."""
        selection = self._selection()
        return selection.plateau if 0 < self.patience <= selection.waited else ""

    def report_cost(self, step_seconds: float) -> None:
        """Log once if an evaluation takes long, compared with the steps between two evaluations."""
        share = self.seconds / (self.seconds + step_seconds * self.every)
        if share > COST_FRACTION and not self.cost_reported:
            self.cost_reported = True
            interval = self.every * math.ceil(share / (1 - share) / COST_FRACTION)
            logger.info(
                f"an evaluation takes {duration(self.seconds)}, {share:.0%} of the time of "
                f"training: --set train.evaluate_every={interval} costs less"
            )

    def seconds_left(self, steps: int) -> float:
        """Return the estimated time of all evaluations until step `steps`."""
        return (steps // self.every - self.training.step // self.every) * self.seconds

    def run(self, problems: ProblemList) -> bool:
        """Measure, and return whether the weights are the best so far.

        If the metric fails, its value is NaN, and the failure is listed.
        """
        start, name = time.perf_counter(), self.metric.value_name
        values: dict[str, float] = {}
        try:
            with gathered_weights(self.training):
                if distributed.is_first():
                    values = self.measure()
        except Exception as error:
            is_expected = isinstance(error, (TranslateError, BadImage))
            reason = str(error) if is_expected else describe_unexpected(error)
            problems.add_once([Problem(Path("evaluation"), "evaluation", FAILED, reason)])
        values[name] = distributed.broadcast(values.get(name, math.nan))
        self.previous_selection, training = self._selection(), self.training
        training.selection = self.previous_selection.with_evaluation(values[name], training.step)
        training.metric_values = values
        self.seconds = time.perf_counter() - start
        return training.selection.waited == 0

    def measure(self) -> dict[str, float]:
        """Return the metric values for the current weights; only on the first process."""
        metric = self.metric.create()
        with evaluation_mode(self.training) as recipe:
            measure(metric, self.images.batches(recipe, self.needs))
            return {name: float(value) for name, value in metric.compute().items()}

    def forget(self) -> None:
        """Discard the newest evaluation: its weights could not be saved."""
        self.training.selection = self.previous_selection

    def _selection(self) -> Selection:
        """Return the selection so far; a new one if the metric has changed."""
        selection, best_by = self.training.selection, self.metric.best_by
        return selection if selection and selection.best_by == best_by else Selection(best_by)
