"""Interrupted training gives the same bytes as uninterrupted training."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
import small_runs
from hash_metric import HashPlugin
from kills import STATEFUL, RegisterPlugin, TrainingStopper, train_in_pieces

from translate.engine.checkpoints import retention
from translate.engine.config import layers, yaml_text
from translate.engine.disk.records import json_files

KILLS_AND_SIGNALS = {2: signal.SIGKILL, 3: signal.SIGINT, 6: signal.SIGKILL, 7: signal.SIGTERM}
RECIPES = ["cyclegan", pytest.param("pix2pix", marks=pytest.mark.slow)]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_run_with_kills_and_resumes_ends_with_the_same_bytes(
    recipe: str, workers: int, root: Path, stopper: TrainingStopper
) -> None:
    config = small_runs.config(root, recipe, train__steps=10, data__workers=workers, **STATEFUL)
    small_runs.train(config, root / "straight")
    # a signal while step 3 is logged stops training after step 4
    stopper.signals = KILLS_AND_SIGNALS.copy()
    results = train_in_pieces(config, root / "pieces")
    assert [(r.step, r.signal) for r in results] == [
        (-1, 0), (4, signal.SIGINT), (-1, 0), (8, signal.SIGTERM), (10, 0),
    ]  # fmt: skip
    expected = small_runs.checkpoint_tensors(root / "straight")
    assert set(expected) == {"ema.safetensors", "training.safetensors", "weights.safetensors"}
    assert small_runs.checkpoint_tensors(root / "pieces") == expected
    logs = []
    for name in ("straight", "pieces"):
        lines = json_files.read_lines(root / name / "log.jsonl")
        keys = ("step", "losses", "lr", "grad_norm", "epoch", "skipped")
        logs.append([{key: line[key] for key in keys} for line in lines])
    assert logs[0] == logs[1]
    assert [line["step"] for line in logs[1]] == list(range(1, 11))


def test_evaluations_with_kills_and_resumes_choose_the_same_checkpoint(
    root: Path, stopper: TrainingStopper, register_plugin: RegisterPlugin
) -> None:
    register_plugin(HashPlugin(), "other:hash")
    evaluation = {"data__validation": 0.25, "train__evaluate_every": 1, "train__metric": "hash"}
    config = small_runs.config(root, train__steps=10, **STATEFUL, **evaluation)
    small_runs.train(config, root / "straight")
    stopper.signals = KILLS_AND_SIGNALS.copy()
    train_in_pieces(config, root / "pieces")
    for find in (retention.best_checkpoint, lambda run: retention.newest_checkpoint(run)[0]):
        straight, pieces = (
            json.loads((find(root / name) / "state.json").read_bytes())
            for name in ("straight", "pieces")
        )
        for key in ("step", "selection", "metrics", "best"):
            assert straight[key] == pieces[key]
    assert small_runs.equal_checkpoints(root / "pieces", root / "straight")


def train_with(root: Path, setting: str, values: tuple[int, ...], **others: Any) -> list[Path]:
    """Train a run for each value of a setting; return the runs."""
    runs = [root / f"{setting}={value}" for value in values]
    for run, value in zip(runs, values, strict=True):
        small_runs.train(small_runs.config(root, **others, **{setting: value}), run)
    return runs


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_number_of_workers_does_not_change_the_training(recipe: str, root: Path) -> None:
    settings = {"recipe": recipe, "train__steps": 5, "train__batch_size": 2}
    no_worker, *others = train_with(root, "data__workers", (0, 1, 2), **settings)
    assert all(small_runs.equal_checkpoints(no_worker, run) for run in others)


@pytest.mark.parametrize("recipe", ["cyclegan", "pix2pix"])
def test_previews_do_not_change_the_training(recipe: str, root: Path) -> None:
    settings = {"recipe": recipe, "train__steps": 6, "train__ema": 0.5}
    without, with_previews = train_with(root, "train__preview_every", (0, 2), **settings)
    assert len(list((with_previews / "previews").iterdir())) == 3
    assert small_runs.equal_checkpoints(without, with_previews)


@pytest.mark.parametrize("setting", ["train__log_every", "train__save_every"])
def test_logging_and_saving_do_not_change_the_training(setting: str, root: Path) -> None:
    assert small_runs.equal_checkpoints(*train_with(root, setting, (1, 50), train__steps=5))


def test_the_configuration_of_a_run_reproduces_it(root: Path) -> None:
    settings = {**STATEFUL, "train__steps": 5}
    run, other_seed = train_with(root, "train__seed", (7, 0), **settings)
    small_runs.train(layers.resolve(config=str(run / "config.yaml")), root / "reproduced")
    assert small_runs.equal_checkpoints(run, root / "reproduced")
    assert not small_runs.equal_checkpoints(run, other_seed)


def test_more_steps_at_a_resume_equal_more_steps_from_the_start(root: Path) -> None:
    uninterrupted, run = train_with(root, "train__steps", (8, 5), train__schedule="constant")
    assert small_runs.resume(run, steps=8).step == 8
    assert small_runs.equal_checkpoints(run, uninterrupted)
    assert yaml_text.read(str(run / "config.yaml"))["train"]["steps"] == 8
    assert small_runs.resume(run, epochs=3).step == 12, "an epoch has 4 images"
    assert "steps" not in yaml_text.read(str(run / "config.yaml"))["train"]


@pytest.mark.slow
def test_clipping_warm_up_and_schedules_per_player_resume_exactly(
    root: Path, stopper: TrainingStopper
) -> None:
    options = {
        "train__schedule": {"generators": "cosine", "discriminators": "linear"},
        "train__warmup": 5,
        "train__schedule_steps": 6,
        "train__clip_norm": {"generators": 2.0, "discriminators": 0.5},
    }
    config = small_runs.config(root, train__steps=8, **{**STATEFUL, **options})
    small_runs.train(config, root / "straight")
    stopper.signals = {2: signal.SIGKILL, 4: signal.SIGINT}
    train_in_pieces(config, root / "pieces")
    assert small_runs.equal_checkpoints(root / "pieces", root / "straight")
    for key in options:
        others = {k: v for k, v in options.items() if k != key}
        without_option = small_runs.config(root, train__steps=8, **{**STATEFUL, **others})
        small_runs.train(without_option, root / key)
        assert not small_runs.equal_checkpoints(root / key, root / "straight"), key


def test_a_run_is_resumed_after_its_folder_is_moved(root: Path, stopper: TrainingStopper) -> None:
    config = small_runs.config(root, train__steps=6, train__log_every=1)
    small_runs.train(config, root / "straight")
    stopper.signals = {4: signal.SIGINT}
    small_runs.train(config, root / "here")
    (root / "here").rename(root / "there")
    small_runs.resume(root / "there")
    assert small_runs.equal_checkpoints(root / "there", root / "straight")
