"""A resume that forgets a part of the state gives other bytes: the comparison can fail."""

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


def _nothing(*_: Any, **__: Any) -> None:
    return None


def forget_optimizer(patch: pytest.MonkeyPatch, stopped: int) -> None:  # noqa: ARG001
    patch.setattr(read, "restore_optimizer", _nothing)


def forget_schedule(patch: pytest.MonkeyPatch, stopped: int) -> None:
    real = taking.set_rates
    patch.setattr(taking, "set_rates", lambda o, step, *rest: real(o, step - stopped, *rest))


def forget_pool(patch: pytest.MonkeyPatch, stopped: int) -> None:  # noqa: ARG001
    patch.setattr(Recipe, "load_training_state", _nothing)


def forget_random_state(patch: pytest.MonkeyPatch, stopped: int) -> None:  # noqa: ARG001
    patch.setattr(read, "restore_random_state", _nothing)


def forget_average(patch: pytest.MonkeyPatch, stopped: int) -> None:  # noqa: ARG001
    real = read.restore_weights
    patch.setattr(read, "restore_weights", lambda *arguments, moving_average=False: (
        None if moving_average else real(*arguments)))  # fmt: skip


def forget_weights(patch: pytest.MonkeyPatch, stopped: int) -> None:  # noqa: ARG001
    real = read.restore_weights
    patch.setattr(read, "restore_weights", lambda *arguments, moving_average=False: (
        real(*arguments, moving_average=moving_average) if moving_average else None))  # fmt: skip


def forget_place(patch: pytest.MonkeyPatch, stopped: int) -> None:
    real = loader.batches
    patch.setattr(loader, "batches", lambda *arguments, steps, **keywords: real(
        *arguments, steps=range(steps.start - stopped, steps.stop), **keywords))  # fmt: skip


FORGET: dict[str, list[tuple[Callable[[pytest.MonkeyPatch, int], None] | None, list[str]]]] = {
    "cyclegan": [
        (None, []),
        (forget_optimizer, ["ema", "training", "weights"]),
        (forget_schedule, ["ema", "training", "weights"]),
        (forget_pool, ["training", "weights"]),
        (forget_random_state, ["training", "weights"]),
        (forget_place, ["ema", "training", "weights"]),
        (forget_weights, ["ema", "training", "weights"]),
        (forget_average, ["ema"]),
    ],
    "pix2pix": [
        (None, []),
        (forget_optimizer, ["ema", "training", "weights"]),
        (forget_schedule, ["ema", "training", "weights"]),
        (forget_random_state, ["ema", "training", "weights"]),
        (forget_average, ["ema"]),
    ],
}
"""by recipe, parts of the state that a resume skips, and the files that then differ"""


@pytest.mark.parametrize("recipe", ["cyclegan", pytest.param("pix2pix", marks=pytest.mark.slow)])
def test_a_resume_differs_if_any_part_of_the_state_is_forgotten(
    recipe: str, root: Path, stopper: TrainingStopper
) -> None:
    config = small_runs.config(
        root, recipe, train__steps=12, **{**STATEFUL, "train__decay_from": 0.2}
    )
    small_runs.train(config, root / "straight")
    straight = small_runs.checkpoint_tensors(root / "straight")
    stopper.after = {5: signal.SIGINT}
    assert small_runs.train(config, root / "stopped").step == 6
    for forget, expected in FORGET[recipe]:
        shutil.copytree(root / "stopped", root / "pieces")
        with pytest.MonkeyPatch.context() as patch:
            if forget:
                forget(patch, 6)
            small_runs.resume(root / "pieces")
        pieces = small_runs.checkpoint_tensors(root / "pieces")
        different = {name.partition(".")[0] for name in straight if straight[name] != pieces[name]}
        assert different >= set(expected), forget
        assert bool(different) == bool(expected), forget
        if expected == ["ema"]:
            assert different == {"ema"}  # nothing depends on the average
        shutil.rmtree(root / "pieces")
