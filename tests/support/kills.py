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
STATE: dict[str, Any] = {
    "train__ema": 0.7,
    "train__schedule": "linear",
    "train__log_every": 1,
    "train__save_every": 3,
}
"""settings that need more state in a checkpoint"""


class Killed(KeyboardInterrupt):
    """Ends training: the only exception of a plugin that is not listed."""


class Stopper:
    """Stops training after given steps, by a signal or, for SIGKILL, by an exception."""

    def __init__(self) -> None:
        self.after: dict[int, int] = {}

    @hookimpl
    def losses_logged(self, step: int) -> None:
        if signal_number := self.after.pop(step, 0):
            if signal_number == signal.SIGKILL:
                raise Killed
            os.kill(os.getpid(), signal_number)


def train_in_pieces(config: schema.Config, run: Path) -> list[TrainingResult]:
    """Train, and resume until the last step, with another random state before each piece."""
    results = []
    run_piece: Callable[[], TrainingResult] = lambda: small_runs.train(config, run)  # noqa: E731
    while True:
        torch.manual_seed(len(results) + 100)
        try:
            results.append(run_piece())
        except Killed:
            results.append(TrainingResult(run, -1))
        run_piece = lambda: small_runs.resume(run)  # noqa: E731
        if results[-1].step == config.train.steps:
            return results
