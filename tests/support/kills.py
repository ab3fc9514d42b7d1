"""Runs that are stopped at given steps, and resumed until they are complete."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import small_runs
import torch

from translate import hookimpl
from translate.engine.config import schema
from translate.results import TrainingResult

RegisterPlugin = Callable[..., object]
STATEFUL: dict[str, Any] = {
    "train__ema": 0.7,
    "train__schedule": "linear",
    "train__log_every": 1,
    "train__save_every": 3,
}
"""settings with additional state in checkpoints, and a checkpoint every three steps"""


class TrainingKilled(KeyboardInterrupt):
    """Ends training, as the only exception of a plugin that is not listed as a problem."""


class TrainingStopper:
    """Stops training after given steps, by a signal or, for SIGKILL, by an exception."""

    def __init__(self) -> None:
        self.signals: dict[int, int] = {}
        """the signal to send after a step, by step"""

    @hookimpl
    def losses_logged(self, step: int) -> None:
        if signal_number := self.signals.pop(step, 0):
            if signal_number == signal.SIGKILL:
                raise TrainingKilled
            os.kill(os.getpid(), signal_number)


def train_in_pieces(config: schema.Config, run: Path) -> list[TrainingResult]:
    """Train, and resume until the last step, with another random state before each piece."""
    results: list[TrainingResult] = []
    while not results or results[-1].step != config.train.steps:
        torch.manual_seed(len(results) + 100)
        try:
            results.append(small_runs.resume(run) if results else small_runs.train(config, run))
        except TrainingKilled:
            results.append(TrainingResult(run, -1))
    return results
