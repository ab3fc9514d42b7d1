"""Training that is killed at operations on the disk or at any moment gives the same bytes."""

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


def kill_at_operations(root: Path, disk: FaultyDisk, distance: int) -> int:
    """Kill runs at disk operations with this distance, resume and compare; return their number."""
    every = {"train__log_every": 1, "train__save_every": 2, "train__preview_every": 3}
    config = small_runs.config(root, train__steps=4, train__ema=0.5, **every)
    count = small_runs.count_disk_operations(config, root / "straight", disk)
    operations = range(1, count + 1, distance)
    for number in operations:
        run = root / f"killed-{number}"
        small_runs.train_with_kill(config, run, disk, number)
        assert small_runs.equal_checkpoints(run, root / "straight"), number
        steps = [line["step"] for line in json_files.read_lines(run / "log.jsonl")]
        assert steps == [1, 2, 3, 4], number
        assert not list(run.rglob(".*")), number
        assert len(list((run / "previews").iterdir())) == 2, number
    return len(operations)


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
    settings = {**STATEFUL, "train__save_every": 1000, "data__workers": workers}
    config, run = small_runs.config(root, train__steps=STEPS, **settings), root / "run"
    small_runs.train(config, root / "straight")
    process = subprocesses.start_training(config, run, start_new_session=True)
    subprocesses.wait_for_lines(run / "log.jsonl", 3, process)
    if workers:
        os.killpg(process.pid, number)  # also to the workers, as a terminal does
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


@pytest.mark.slow
@pytest.mark.parametrize(("kills", "seed"), [(10, 7), *((1, 100 + n) for n in range(21))])
def test_a_process_killed_at_random_moments_resumes_to_the_same_bytes(
    kills: int, seed: int, root: Path
) -> None:
    config, run = small_runs.config(root, train__steps=STEPS, **STATEFUL), root / "run"
    small_runs.train(config, root / "straight")
    rng, log = random.Random(seed), run / "log.jsonl"
    for _ in range(kills):
        process = subprocesses.start_training(config, run)
        steps_before = len(json_files.read_lines(log))
        if rng.random() < 0.8:  # most kills during training, which is shorter than its start
            while len(json_files.read_lines(log)) == steps_before and process.poll() is None:
                time.sleep(0.002)
            time.sleep(rng.uniform(0, 0.3))
        else:
            time.sleep(rng.uniform(0, 4))
        process.kill()
        out, err = process.communicate()
        assert process.returncode in (-signal.SIGKILL, 0), (out, err)
    small_runs.resume(run) if small_runs.checkpoint_steps(run) else small_runs.train(config, run)
    assert small_runs.equal_checkpoints(run, root / "straight")
    assert not list(run.rglob(".*"))
