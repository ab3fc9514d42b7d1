"""Evaluations during training: they choose the best checkpoint, and end a run without progress."""

import logging
import math
import time
from pathlib import Path

from translate.engine.checkpoints.selection import Selection
from translate.engine.checkpoints.state import TrainingState
from translate.engine.data.check import CheckedData
from translate.engine.disk.problems import FAILED, Problem
from translate.engine.evaluation.images import EvaluationImages
from translate.engine.evaluation.metric import choose_metric, measure
from translate.engine.evaluation.mode import evaluation_mode
from translate.engine.plugins.errors import describe_unexpected
from translate.engine.processes import distributed
from translate.engine.runs.problem_list import ProblemList
from translate.errors import BadImage, TranslateError
from translate.progress import duration

logger = logging.getLogger(__name__)

MOST = 0.1
"""share of the time of training from which on the cost of evaluations is logged"""
TRIED = 2
"""images of each domain that are measured before training, to find what the metric lacks"""


class Evaluations:
    """Measures the validation images every ``train.evaluate_every`` steps, on the first process.

    The other processes wait for the figure, so that all of them decide alike.

    Raises:
        ConfigError: There is no metric for these images, or it lacks something.
    """

    def __init__(self, training: TrainingState, validation: CheckedData) -> None:
        train = training.config.train
        self.training, self.every, self.patience = training, train.evaluate_every, train.patience
        device = next(training.recipe.parameters()).device
        self.images = EvaluationImages(training, validation, device)
        self.metric = choose_metric(train, training.spec, self.images.fields)
        self.needs = self.metric.create().needs
        training.selection = self.before = self._selection()
        """the selection before the newest evaluation"""
        self.seconds = 0.0
        """time that the newest evaluation took"""
        self.cost_reported = False
        """whether its cost was logged"""
        if distributed.is_first():
            with evaluation_mode(training) as recipe:
                batches = self.images.batches(recipe, self.needs, TRIED)
                measure(self.metric.create(), batches)

    def is_due(self) -> bool:
        """Return whether there is an evaluation after this step."""
        return self.training.step % self.every == 0

    @property
    def plateau(self) -> str:
        """Why training ends, where too many evaluations were no better; else an empty text."""
        selection = self._selection()
        return selection.plateau if 0 < self.patience <= selection.waited else ""

    def report_cost(self, step_seconds: float) -> None:
        """Log once where the newest evaluation took long beside the steps between two of them."""
        share = self.seconds / (self.seconds + step_seconds * self.every)
        if share > MOST and not self.cost_reported:
            self.cost_reported = True
            seldom = self.every * math.ceil(share / (1 - share) / MOST)
            logger.info(
                f"an evaluation takes {duration(self.seconds)}, {share:.0%} of the time of "
                f"training: --set train.evaluate_every={seldom} costs less"
            )

    def seconds_left(self, steps: int) -> float:
        """Return how long the evaluations up to the last of `steps` will take."""
        return (steps // self.every - self.training.step // self.every) * self.seconds

    def run(self, problems: ProblemList) -> bool:
        """Measure, and return whether the weights are the best so far.

        Where the metric fails, its figure is NaN, and that is listed.
        """
        start, name = time.perf_counter(), self.metric.figure
        figures: dict[str, float] = {}
        try:
            if distributed.is_first():
                figures = self.measure()
        except Exception as error:
            known = isinstance(error, (TranslateError, BadImage))
            reason = str(error) if known else describe_unexpected(error)
            problems.add_once([Problem(Path("evaluation"), "evaluation", FAILED, reason)])
        figures[name] = distributed.broadcast_float(figures.get(name, math.nan))
        self.before, training = self._selection(), self.training
        training.selection = self.before.after(figures[name], training.step)
        training.figures = figures
        self.seconds = time.perf_counter() - start
        return training.selection.waited == 0

    def measure(self) -> dict[str, float]:
        """Return the figures of the present weights; on the first process."""
        metric = self.metric.create()
        with evaluation_mode(self.training) as recipe:
            measure(metric, self.images.batches(recipe, self.needs))
            return {name: float(value) for name, value in metric.compute().items()}

    def forget(self) -> None:
        """Discard the newest evaluation: its weights could not be saved."""
        self.training.selection = self.before

    def _selection(self) -> Selection:
        """Return the selection so far; a new one if the metric has changed."""
        selection, best_by = self.training.selection, self.metric.best_by
        return selection if selection and selection.best_by == best_by else Selection(best_by)
