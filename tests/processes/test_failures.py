"""If one process cannot read or save, is killed or hangs, the others stop."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import small_runs
import two_processes
from disk_faults import FaultyDisk, no_space
from training_states import CPU, build_training_state, save

from translate.engine.checkpoints import retention
from translate.engine.checkpoints.state import TrainingState
from translate.engine.config.schema import Config
from translate.engine.disk.records import json_files
from translate.engine.disk.records.problems import Problem
from translate.engine.loading import loader
from translate.engine.processes import distributed
from translate.engine.training import loop
from translate.errors import SaveError, TrainingError


def test_T19_one_process_that_cannot_read_stops_both_with_a_checkpoint(root: Path) -> None:
    config = small_runs.config(root, train__batch_size=2, train__steps=50)
    batches = loader.batches

    def fail_after_three(*arguments: Any, **keywords: Any) -> Iterator[Any]:
        yield from islice(batches(*arguments, **keywords), 3)
        raise TrainingError("100 items in a row cannot be read.")

    def work(rank: int) -> str:
        if rank == 1:
            loader.batches = fail_after_three  # in a forked process, which ends after this
        with pytest.raises(TrainingError) as error:
            small_runs.train(config, root / "run")
        return str(error.value)

    first, second = two_processes.run(work)
    assert first == "another process cannot read its images."
    assert second == "100 items in a row cannot be read."
    assert small_runs.checkpoint_steps(root / "run") == [0, 3]


def test_T19_a_file_that_any_process_cannot_read_is_listed_once(root: Path) -> None:
    config = small_runs.config(root, train__batch_size=2, train__steps=4)
    problem = Problem(root / "a/\udcff.png", "training", "unreadable", "an empty file")
    batches = loader.batches

    def work(rank: int) -> int:
        def with_a_bad_file(*arguments: Any, **keywords: Any) -> Iterator[Any]:
            for number, (batch, problems) in enumerate(batches(*arguments, **keywords)):
                yield batch, [*problems, *([problem] if number == 2 - rank else [])]

        loader.batches = with_a_bad_file  # in a forked process, which ends after this
        return small_runs.train(config, root / "run").listed

    assert two_processes.run(work) == [1, 0], "the first process lists problems"
    (line,) = json_files.read_lines(root / "run/problems.jsonl")
    assert line == problem.record()


def train_to_error(config: Config, run: Path, before_step: Callable[[int], None]) -> Any:
    """Train, and call `before_step` before each step with its number, from 0.

    Returns the error, and the seconds from the start of the last step to the error. Runs in a
    forked process, which ends after this.
    """
    take_step, last_start = loop.take_step, time.monotonic()

    def call_and_take_step(training: TrainingState, *arguments: Any) -> Any:
        nonlocal last_start
        last_start = time.monotonic()
        before_step(training.step)
        return take_step(training, *arguments)

    loop.take_step = call_and_take_step
    with pytest.raises(TrainingError) as error:
        small_runs.train(config, run)
    return str(error.value), time.monotonic() - last_start


@pytest.mark.parametrize("killed_rank", [0, pytest.param(2, marks=pytest.mark.slow)])
def test_T19_a_process_that_is_killed_ends_the_others_within_seconds(
    killed_rank: int, root: Path
) -> None:
    every = {"train__save_every": 2, "train__log_every": 1}
    config = small_runs.config(root, train__batch_size=3, train__steps=2000, **every)

    def work(rank: int) -> Any:
        def kill_at_step_7(step: int) -> None:
            if (step, rank) == (7, killed_rank):
                os.kill(os.getpid(), signal.SIGKILL)

        return train_to_error(config, root / "run", kill_at_step_7)

    for message, seconds in two_processes.run(work, world=3, killed_rank=killed_rank):
        assert "another process has died or cannot be reached" in message
        assert seconds < 5
    newest, messages = retention.newest_checkpoint(root / "run")
    assert (newest.name, messages) == ("step-00000006", [])
    assert small_runs.resume(root / "run", steps=9).step == 9


def test_T19_a_process_that_hangs_ends_the_others_after_the_timeout(root: Path) -> None:
    config = small_runs.config(root, train__batch_size=2, train__steps=2000, train__timeout=1.0)

    def work(rank: int) -> Any:
        def hang_at_step_3(step: int) -> None:
            if (step, rank) == (3, 1):
                time.sleep(4)

        return train_to_error(config, root / "run", hang_at_step_3)

    (message, seconds), (message_of_hanging, _) = two_processes.run(work)
    assert "another process hangs: train.timeout has passed" in message
    assert 0.5 < seconds < 4
    assert "another process" in message_of_hanging


def test_a_failed_save_of_the_first_process_is_an_error_on_every_process(root: Path) -> None:
    def work(rank: int) -> str:
        disk = FaultyDisk(pytest.MonkeyPatch())  # in a forked process, which ends after this
        with distributed.process_group(CPU):
            training = build_training_state(train__batch_size=2)
            if rank == 0:
                disk.arm(1, no_space, always=True)
            with pytest.raises(SaveError) as error:
                save(root / "run", training)
        return str(error.value)

    first, second = two_processes.run(work)
    assert first == "could not save step 0: No space left on device"
    assert second == "could not save step 0: see the first process"
    assert small_runs.checkpoint_steps(root / "run") == []
