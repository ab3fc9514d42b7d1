"""Training in pieces gives the same bytes as training without interruption."""

import json
import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_runs
import subprocesses
import torch
from disk_faults import FaultyDisk
from hash_metric import HashPlugin

from translate import hookimpl
from translate.engine.checkpoints import read, retention
from translate.engine.config import layers, schema, yaml
from translate.engine.disk.records import json_files
from translate.engine.loading import loader
from translate.engine.optimization import step as taking
from translate.errors import CheckpointError, ConfigError
from translate.recipe import Recipe
from translate.results import TrainingResult

Plugin = Callable[..., object]
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


@pytest.fixture
def stopper(register_plugin: Plugin) -> Stopper:
    stopper_plugin = Stopper()
    register_plugin(stopper_plugin, "stranger:stopper")
    return stopper_plugin


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


# -- equal -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("recipe", ["cyclegan", "pix2pix"])
def test_a_run_with_kills_and_resumes_ends_with_the_same_bytes(
    recipe: str, workers: int, root: Path, stopper: Stopper
) -> None:
    config = small_runs.config(root, recipe, train__steps=10, data__workers=workers, **STATE)
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
    root: Path, stopper: Stopper, register_plugin: Plugin
) -> None:
    register_plugin(HashPlugin(), "stranger:hash")
    chosen = {"data__validation": 0.25, "train__evaluate_every": 1, "train__metric": "hash"}
    config = small_runs.config(root, train__steps=10, **STATE, **chosen)
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


@pytest.mark.parametrize("recipe", ["cyclegan", "pix2pix"])
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
        small_runs.config(root, train__steps=5, **{**STATE, "train__seed": 7}), root / "one"
    )
    again = layers.resolve(config=str(root / "one/config.yaml"))
    small_runs.train(again, root / "two")
    assert small_runs.equal_checkpoints(root / "one", root / "two")
    small_runs.train(small_runs.config(root, train__steps=5, **STATE), root / "three")
    assert not small_runs.equal_checkpoints(root / "one", root / "three")  # the seed has an effect


def test_more_steps_at_a_resume_equal_more_steps_from_the_start(root: Path) -> None:
    for name, steps in (("straight", 8), ("raised", 5)):
        config = small_runs.config(root, train__steps=steps, train__schedule="constant")
        small_runs.train(config, root / name)
    assert small_runs.resume(root / "raised", steps=8).step == 8
    assert small_runs.equal_checkpoints(root / "raised", root / "straight")
    assert yaml.read(str(root / "raised/config.yaml"))["train"]["steps"] == 8
    assert small_runs.resume(root / "raised", epochs=3).step == 12  # of 4 images
    assert "steps" not in yaml.read(str(root / "raised/config.yaml"))["train"]


def test_clipping_warm_up_and_schedules_per_player_resume_exactly(
    root: Path, stopper: Stopper
) -> None:
    options = {
        "train__schedule": {"generators": "cosine", "discriminators": "linear"},
        "train__warmup": 5,
        "train__schedule_steps": 6,
        "train__clip_norm": {"generators": 2.0, "discriminators": 0.5},
    }
    config = small_runs.config(root, train__steps=8, **{**STATE, **options})
    small_runs.train(config, root / "straight")
    stopper.after = {2: signal.SIGKILL, 4: signal.SIGINT}
    train_in_pieces(config, root / "pieces")
    assert small_runs.equal_checkpoints(root / "pieces", root / "straight")
    for key in options:
        others = {k: v for k, v in options.items() if k != key}
        without_option = small_runs.config(root, train__steps=8, **{**STATE, **others})
        small_runs.train(without_option, root / key)
        assert not small_runs.equal_checkpoints(root / key, root / "straight"), key


def test_a_run_can_be_moved(root: Path, stopper: Stopper) -> None:
    config = small_runs.config(root, train__steps=6)
    small_runs.train(config, root / "straight")
    stopper.after = {4: signal.SIGINT}
    small_runs.train(small_runs.config(root, train__steps=6, train__log_every=1), root / "here")
    (root / "here").rename(root / "there")
    small_runs.resume(root / "there")
    assert small_runs.equal_checkpoints(root / "there", root / "straight")


# -- controls: the comparison can fail -------------------------------------------------------------


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
    patch.setattr(loader, "batches", lambda *arguments, start, stop, **keywords: real(
        *arguments, start=start - stopped, stop=stop, **keywords))  # fmt: skip


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


@pytest.mark.parametrize("recipe", FORGET)
def test_a_resume_differs_if_any_part_of_the_state_is_forgotten(
    recipe: str, root: Path, stopper: Stopper
) -> None:
    config = small_runs.config(root, recipe, train__steps=12, **{**STATE, "train__decay_from": 0.2})
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


# -- at every operation on the disk ----------------------------------------------------------------


def kill_at_operations(root: Path, disk: FaultyDisk, step: int) -> int:
    """Kill a run at every `step`-th disk operation, resume and compare; return the number."""
    config = small_runs.config(
        root,
        train__steps=4,
        train__ema=0.5,
        train__log_every=1,
        train__save_every=2,
        train__preview_every=3,
    )
    points = range(1, small_runs.count_disk_operations(config, root / "straight", disk) + 1, step)
    straight = small_runs.checkpoint_tensors(root / "straight")
    for at in points:
        run = root / f"killed-{at}"
        small_runs.train_with_kill(config, run, disk, at)
        assert small_runs.checkpoint_tensors(run) == straight, at
        steps = [line["step"] for line in json_files.read_lines(run / "log.jsonl")]
        assert steps == [1, 2, 3, 4], at
        assert not list(run.rglob(".*")), at
        assert len(list((run / "previews").iterdir())) == 2, at
    return len(points)


def test_T1_a_run_killed_at_file_operations_resumes_to_the_same_bytes(
    root: Path, disk: FaultyDisk
) -> None:
    assert kill_at_operations(root, disk, 13) > 5


@pytest.mark.slow
def test_a_run_killed_at_every_file_operation_resumes_to_the_same_bytes(
    root: Path, disk: FaultyDisk
) -> None:
    assert kill_at_operations(root, disk, 1) > 70


# -- processes -------------------------------------------------------------------------------------


STEPS = 40


@pytest.mark.parametrize(
    ("number", "code", "workers"), [(signal.SIGINT, 130, 2), (signal.SIGTERM, 143, 0)]
)
def test_T6_a_signal_saves_at_the_next_step_and_sets_the_exit_code(
    number: signal.Signals, code: int, workers: int, root: Path
) -> None:
    config = small_runs.config(
        root, train__steps=STEPS, data__workers=workers, **{**STATE, "train__save_every": 1000}
    )
    run = root / "run"
    small_runs.train(config, root / "straight")
    process = subprocesses.start_training(config, run, start_new_session=True)
    subprocesses.wait_for_lines(run / "log.jsonl", 3, process)
    if workers:
        os.killpg(process.pid, number)  # as a terminal does: the workers get it, too
    else:
        process.send_signal(number)
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, err
    assert not err
    assert not subprocesses.surviving_processes(process)
    stopped = small_runs.checkpoint_steps(run)[-1]
    assert 3 <= stopped < STEPS
    assert stopped == len(json_files.read_lines(run / "log.jsonl"))
    assert f"stopped at step {stopped}: translate train --resume {run}" in out
    assert '"outcome": "interrupted"' in (run / "run.json").read_text()
    small_runs.resume(run)
    assert small_runs.equal_checkpoints(run, root / "straight")


def kill_at_moments(root: Path, moments: int, seed: int) -> list[int]:
    """Kill a process at random moments, resume to the end; return the steps at each kill."""
    config = small_runs.config(root, train__steps=STEPS, **STATE)
    run = root / "run"
    small_runs.train(config, root / "straight")
    rng, steps = random.Random(seed), []
    for _ in range(moments):
        process = subprocesses.start_training(config, run)
        done = len(json_files.read_lines(run / "log.jsonl"))
        if (
            rng.random() < 0.8
        ):  # most of them during training, which is short compared with the start
            while len(json_files.read_lines(run / "log.jsonl")) == done and process.poll() is None:
                time.sleep(0.002)
            time.sleep(rng.uniform(0, 0.3))
        else:
            time.sleep(rng.uniform(0, 4))
        process.kill()
        out, err = process.communicate()
        assert process.returncode in (-signal.SIGKILL, 0), (out, err)
        steps.append(len(json_files.read_lines(run / "log.jsonl")))
    small_runs.resume(run) if small_runs.checkpoint_steps(run) else small_runs.train(config, run)
    assert small_runs.equal_checkpoints(run, root / "straight")
    assert not list(run.rglob(".*"))
    return steps


def test_a_process_killed_at_a_random_moment_resumes_to_the_same_bytes(root: Path) -> None:
    assert len(kill_at_moments(root, 1, seed=1)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_a_process_killed_at_random_moments_resumes_to_the_same_bytes(
    seed: int, root: Path
) -> None:
    """Twenty moments, each compared with an uninterrupted run of its own."""
    kill_at_moments(root, 1, seed=100 + seed)


@pytest.mark.slow
def test_a_process_killed_ten_times_resumes_to_the_same_bytes(root: Path) -> None:
    assert len(kill_at_moments(root, 10, seed=7)) == 10


# -- resumes that are refused or reported ----------------------------------------------------------


def test_resuming_a_finished_run_reports_it_and_changes_nothing(root: Path) -> None:
    run = root / "run"
    small_runs.train(small_runs.config(root), run)
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    recorder = small_runs.ProgressRecorder()
    result = small_runs.resume(run, recorder)
    assert (result.step, result.signal, result.listed) == (4, 0, 0)
    assert recorder.lines == [
        f"{run} is complete: 4 steps. --steps N with a larger N continues it."
    ]
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before
    assert small_runs.resume(run, steps=3).step == 4  # nothing is undone


def test_a_damaged_checkpoint_is_reported_and_the_previous_one_resumes_to_the_same_bytes(
    root: Path,
) -> None:
    small_runs.train(small_runs.config(root, train__steps=6), root / "straight")
    small_runs.train(small_runs.config(root, train__steps=4, train__save_every=2), root / "run")
    weights = root / "run/checkpoints/step-00000004/weights.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    recorder = small_runs.ProgressRecorder()
    small_runs.resume(root / "run", recorder, steps=6)
    assert (
        f"{weights} is damaged: it is not what was saved. Resuming from step-00000002."
        in recorder.lines
    )
    assert small_runs.equal_checkpoints(root / "run", root / "straight")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": -5}, "train.steps: expected greater than 0, got -5."),
        ({"steps": 0}, "train.steps: expected greater than 0, got 0."),
        ({"device": "gpu"}, "train.device: expected auto, cpu, cuda or cuda:N, got 'gpu'."),
    ],
)
def test_changed_settings_are_validated_as_at_the_start(
    changes: dict[str, Any], message: str, root: Path
) -> None:
    small_runs.train(small_runs.config(root), root / "run")
    with pytest.raises(ConfigError) as error:
        small_runs.resume(root / "run", **changes)
    assert str(error.value) == message


def test_T13_another_machine_resumes_with_a_warning_that_it_is_not_bit_for_bit(root: Path) -> None:
    small_runs.train(small_runs.config(root), root / "run")
    recorder = small_runs.ProgressRecorder()
    small_runs.resume(root / "run", recorder, steps=5)
    assert not [line for line in recorder.lines if "bit for bit" in line]
    facts = json.loads((root / "run/run.json").read_bytes())
    (root / "run/run.json").write_text(json.dumps({**facts, "device": "cuda:0"}))
    checkpoint, _ = retention.newest_checkpoint(root / "run")
    state = json.loads((checkpoint / "state.json").read_bytes())
    state["versions"]["torch"], state["processes"], state["threads"] = "2.0.0", 4, 64
    small_runs.replace_checkpoint_file(checkpoint, "state.json", json.dumps(state).encode())
    recorder = small_runs.ProgressRecorder()
    assert small_runs.resume(root / "run", recorder, steps=6).step == 6
    rest = "training continues, but not bit for bit as it would have."
    assert [line for line in recorder.lines if "bit for bit" in line] == [
        f"1 processes instead of 4: {rest}",
        f"1 threads instead of 64: {rest}",
        f"device cpu instead of cuda:0: {rest}",
        f"PyTorch {torch.__version__} instead of 2.0.0: {rest}",
    ]


def test_T17_a_missing_run_is_an_error_and_never_a_new_run(root: Path) -> None:
    with pytest.raises(CheckpointError, match=r"there is no run"):
        small_runs.resume(root / "typo")
    with pytest.raises(CheckpointError, match=r"holds no whole checkpoint"):
        small_runs.resume(root)
    assert not (root / "typo").exists()
    small_runs.train(small_runs.config(root), root / "run")
    with pytest.raises(
        ConfigError, match=rf"is one checkpoint: --resume {root / 'run'} takes its run"
    ):
        small_runs.resume(root / "run/checkpoints/step-00000004")


def test_a_new_run_never_overwrites_a_run(root: Path) -> None:
    config = small_runs.config(root)
    small_runs.train(config, root / "run")
    with pytest.raises(ConfigError, match=r"already holds a run. Resume it with --resume .*run"):
        small_runs.train(config, root / "run")
