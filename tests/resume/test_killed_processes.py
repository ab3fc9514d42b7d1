"""Training that is killed at operations on the disk, or as a process, gives the same bytes."""

import os
import random
import signal
import time
from pathlib import Path

import pytest
import small_runs
import subprocesses
from disk_faults import FaultyDisk
from kills import STATEFUL

from translate.engine.disk.records import json_files


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


STEPS = 40


@pytest.mark.parametrize(
    ("number", "code", "workers"),
    [pytest.param(signal.SIGINT, 130, 2, marks=pytest.mark.slow), (signal.SIGTERM, 143, 0)],
)
def test_T6_a_signal_saves_at_the_next_step_and_sets_the_exit_code(
    number: signal.Signals, code: int, workers: int, root: Path
) -> None:
    config = small_runs.config(
        root, train__steps=STEPS, data__workers=workers, **{**STATEFUL, "train__save_every": 1000}
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
    config = small_runs.config(root, train__steps=STEPS, **STATEFUL)
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


@pytest.mark.slow
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
