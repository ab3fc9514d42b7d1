"""Training in pieces gives the same bytes as training without interruption."""

import json
import signal
from pathlib import Path

import pytest
import small_runs
from hash_metric import HashPlugin
from kills import STATEFUL, RegisterPlugin, TrainingStopper, train_in_pieces

from translate.engine.checkpoints import retention
from translate.engine.config import layers, yaml_text
from translate.engine.disk.records import json_files

RECIPES = ["cyclegan", pytest.param("pix2pix", marks=pytest.mark.slow)]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_run_with_kills_and_resumes_ends_with_the_same_bytes(
    recipe: str, workers: int, root: Path, stopper: TrainingStopper
) -> None:
    config = small_runs.config(root, recipe, train__steps=10, data__workers=workers, **STATEFUL)
    small_runs.train(config, root / "straight")
    # a signal while step 3 is logged stops training after step 4
    stopper.after = {2: signal.SIGKILL, 3: signal.SIGINT, 6: signal.SIGKILL, 7: signal.SIGTERM}
    results = train_in_pieces(config, root / "pieces")
    assert [(r.step, r.signal) for r in results] == [
        (-1, 0), (4, signal.SIGINT), (-1, 0), (8, signal.SIGTERM), (10, 0),
    ]  # fmt: skip
    straight = small_runs.checkpoint_tensors(root / "straight")
    assert set(straight) == {"ema.safetensors", "training.safetensors", "weights.safetensors"}
    assert small_runs.checkpoint_tensors(root / "pieces") == straight
    lines = [json_files.read_lines(root / name / "log.jsonl") for name in ("straight", "pieces")]
    assert [line["step"] for line in lines[1]] == list(range(1, 11))
    for one, other in zip(*lines, strict=True):
        for key in ("losses", "lr", "grad_norm", "epoch", "skipped"):
            assert one[key] == other[key]


def test_evaluations_with_kills_and_resumes_choose_the_same_checkpoint(
    root: Path, stopper: TrainingStopper, register_plugin: RegisterPlugin
) -> None:
    register_plugin(HashPlugin(), "other:hash")
    chosen = {"data__validation": 0.25, "train__evaluate_every": 1, "train__metric": "hash"}
    config = small_runs.config(root, train__steps=10, **STATEFUL, **chosen)
    small_runs.train(config, root / "straight")
    stopper.after = {2: signal.SIGKILL, 3: signal.SIGINT, 6: signal.SIGKILL, 7: signal.SIGTERM}
    train_in_pieces(config, root / "pieces")
    for find in (retention.best_checkpoint, lambda run: retention.newest_checkpoint(run)[0]):
        one, other = (
            json.loads((find(root / name) / "state.json").read_bytes())
            for name in ("straight", "pieces")
        )
        for key in ("step", "selection", "metrics", "best"):
            assert one[key] == other[key]
    assert small_runs.checkpoint_tensors(root / "pieces") == small_runs.checkpoint_tensors(
        root / "straight"
    )


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_number_of_workers_changes_nothing(recipe: str, root: Path) -> None:
    for workers in (0, 1, 2):
        config = small_runs.config(
            root, recipe, train__steps=5, train__batch_size=2, data__workers=workers
        )
        small_runs.train(config, root / str(workers))
    assert (
        small_runs.checkpoint_tensors(root / "0")
        == small_runs.checkpoint_tensors(root / "1")
        == small_runs.checkpoint_tensors(root / "2")
    )


@pytest.mark.parametrize("recipe", ["cyclegan", "pix2pix"])
def test_previews_do_not_change_the_training(recipe: str, root: Path) -> None:
    for name, every in (("blind", 0), ("looking", 2)):
        config = small_runs.config(
            root, recipe, train__steps=6, train__preview_every=every, train__ema=0.5
        )
        small_runs.train(config, root / name)
    assert len(list((root / "looking/previews").iterdir())) == 3
    assert small_runs.equal_checkpoints(root / "looking", root / "blind")


def test_logging_and_saving_do_not_change_the_training(root: Path) -> None:
    for name, every in (("seldom", 50), ("often", 1)):
        config = small_runs.config(
            root, train__steps=5, train__save_every=every, train__log_every=every
        )
        small_runs.train(config, root / name)
    assert small_runs.equal_checkpoints(root / "seldom", root / "often")


def test_the_configuration_of_a_run_reproduces_it(root: Path) -> None:
    small_runs.train(
        small_runs.config(root, train__steps=5, **{**STATEFUL, "train__seed": 7}), root / "one"
    )
    again = layers.resolve(config=str(root / "one/config.yaml"))
    small_runs.train(again, root / "two")
    assert small_runs.equal_checkpoints(root / "one", root / "two")
    small_runs.train(small_runs.config(root, train__steps=5, **STATEFUL), root / "three")
    assert not small_runs.equal_checkpoints(root / "one", root / "three")  # the seed has an effect


def test_more_steps_at_a_resume_equal_more_steps_from_the_start(root: Path) -> None:
    for name, steps in (("straight", 8), ("raised", 5)):
        config = small_runs.config(root, train__steps=steps, train__schedule="constant")
        small_runs.train(config, root / name)
    assert small_runs.resume(root / "raised", steps=8).step == 8
    assert small_runs.equal_checkpoints(root / "raised", root / "straight")
    assert yaml_text.read(str(root / "raised/config.yaml"))["train"]["steps"] == 8
    assert small_runs.resume(root / "raised", epochs=3).step == 12  # of 4 images
    assert "steps" not in yaml_text.read(str(root / "raised/config.yaml"))["train"]


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
    stopper.after = {2: signal.SIGKILL, 4: signal.SIGINT}
    train_in_pieces(config, root / "pieces")
    assert small_runs.equal_checkpoints(root / "pieces", root / "straight")
    for key in options:
        others = {k: v for k, v in options.items() if k != key}
        without_option = small_runs.config(root, train__steps=8, **{**STATEFUL, **others})
        small_runs.train(without_option, root / key)
        assert not small_runs.equal_checkpoints(root / key, root / "straight"), key


def test_a_run_can_be_moved(root: Path, stopper: TrainingStopper) -> None:
    config = small_runs.config(root, train__steps=6)
    small_runs.train(config, root / "straight")
    stopper.after = {4: signal.SIGINT}
    small_runs.train(small_runs.config(root, train__steps=6, train__log_every=1), root / "here")
    (root / "here").rename(root / "there")
    small_runs.resume(root / "there")
    assert small_runs.equal_checkpoints(root / "there", root / "straight")
