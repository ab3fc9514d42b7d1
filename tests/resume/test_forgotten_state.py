"""A resume that does not restore a part of the state gives other bytes.

So the comparisons of `test_equal_bytes.py` can fail.
"""

import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_runs
from kills import STATEFUL, TrainingStopper

from translate.engine.checkpoints import read
from translate.engine.loading import loader
from translate.engine.optimization import step as taking
from translate.recipe import Recipe


def do_nothing(*_: Any, **__: Any) -> None:
    pass


STOP = 6
"""the step at which training is stopped and resumed"""


def forget_optimizer(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(read, "restore_optimizer", do_nothing)


def forget_schedule(patch: pytest.MonkeyPatch) -> None:
    set_rates = taking.set_rates
    patch.setattr(taking, "set_rates", lambda o, step, *rest: set_rates(o, step - STOP, *rest))


def forget_pool(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Recipe, "load_training_state", do_nothing)


def forget_random_state(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(read, "restore_random_state", do_nothing)


def forget_average(patch: pytest.MonkeyPatch) -> None:
    restore = read.restore_weights
    patch.setattr(read, "restore_weights", lambda *arguments, moving_average=False: (
        None if moving_average else restore(*arguments)))  # fmt: skip


def forget_weights(patch: pytest.MonkeyPatch) -> None:
    restore = read.restore_weights
    patch.setattr(read, "restore_weights", lambda *arguments, moving_average=False: (
        restore(*arguments, moving_average=True) if moving_average else None))  # fmt: skip


def forget_position_in_data(patch: pytest.MonkeyPatch) -> None:
    batches = loader.batches
    patch.setattr(loader, "batches", lambda *arguments, steps, **keywords: batches(
        *arguments, steps=range(steps.start - STOP, steps.stop), **keywords))  # fmt: skip


ALL = {"ema", "training", "weights"}
DIFFERENT_FILES: dict[str, dict[Callable[[pytest.MonkeyPatch], None], set[str]]] = {
    "cyclegan": {
        do_nothing: set(),
        forget_optimizer: ALL,
        forget_schedule: ALL,
        forget_pool: {"training", "weights"},
        forget_random_state: {"training", "weights"},
        forget_position_in_data: ALL,
        forget_weights: ALL,
        forget_average: {"ema"},
    },
    "pix2pix": {
        do_nothing: set(),
        forget_optimizer: ALL,
        forget_schedule: ALL,
        forget_random_state: ALL,
        forget_average: {"ema"},
    },
}
"""by recipe, functions that make a resume skip a part of the state, and the files that differ"""


@pytest.mark.parametrize("recipe", ["cyclegan", pytest.param("pix2pix", marks=pytest.mark.slow)])
def test_a_resume_differs_if_any_part_of_the_state_is_forgotten(
    recipe: str, root: Path, stopper: TrainingStopper
) -> None:
    config = small_runs.config(root, recipe, train__steps=12, train__decay_from=0.2, **STATEFUL)
    small_runs.train(config, root / "straight")
    straight = small_runs.checkpoint_tensors(root / "straight")
    stopper.signals = {STOP - 1: signal.SIGINT}
    assert small_runs.train(config, root / "stopped").step == STOP
    for forget, expected in DIFFERENT_FILES[recipe].items():
        resumed = shutil.copytree(root / "stopped", root / forget.__name__)
        with pytest.MonkeyPatch.context() as patch:
            forget(patch)
            small_runs.resume(resumed)
        tensors = small_runs.checkpoint_tensors(resumed)
        different = {name.partition(".")[0] for name in straight if straight[name] != tensors[name]}
        assert different >= expected, forget
        assert bool(different) == bool(expected), forget
        if expected == {"ema"}:
            assert different == {"ema"}, "nothing depends on the moving average"
