"""One process that cannot read or save, is killed or hangs: the others stop."""

import os
import signal
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import small_runs
import torch
import two_processes
from disk_faults import FaultyDisk, no_space
from specs import image_spec

from translate.engine.checkpoints import retention, state, write
from translate.engine.disk.records import json_files
from translate.engine.disk.records.problems import Problem
from translate.engine.loading import loader
from translate.engine.optimization.build import build_training
from translate.engine.processes import distributed
from translate.engine.training import loop
from translate.errors import SaveError, TrainingError

CPU = torch.device("cpu")


def test_T19_one_process_that_cannot_read_stops_both_with_a_checkpoint(root: Path) -> None:
    config = small_runs.config(root, train__batch_size=2, train__steps=50)
    batches = loader.batches

    def fail_after_three(*arguments: Any, **keywords: Any) -> Iterator[Any]:
        stream = batches(*arguments, **keywords)
        yield from islice(stream, 3)
        raise TrainingError("100 items in a row cannot be read.")

    def work(rank: int) -> str:
        if rank == 1:
            loader.batches = fail_after_three  # in a forked process, which ends after this
        with pytest.raises(TrainingError) as error:
            small_runs.train(config, root / "run")
        return str(error.value)

    assert two_processes.run(work) == [
        "another process cannot read its images.", "100 items in a row cannot be read.",
    ]  # fmt: skip
    assert small_runs.checkpoint_steps(root / "run") == [0, 3]


def test_T19_a_file_that_any_process_cannot_read_is_listed_once(root: Path) -> None:
    config = small_runs.config(root, train__batch_size=2, train__steps=4)
    bad = Problem(root / "a/\udcff.png", "training", "unreadable", "an empty file")
    batches = loader.batches

    def work(rank: int) -> int:
        def with_a_bad_file(*arguments: Any, **keywords: Any) -> Iterator[Any]:
            for number, (batch, problems) in enumerate(batches(*arguments, **keywords)):
                yield batch, [*problems, *([bad] if number == 2 - rank else [])]

        loader.batches = with_a_bad_file  # in a forked process, which ends after this
        return small_runs.train(config, root / "run").listed

    assert two_processes.run(work) == [1, 0]  # the first process has the list
    (line,) = json_files.read_lines(root / "run/problems.jsonl")
    assert line == bad.record()


@pytest.mark.parametrize("victim", [0, pytest.param(2, marks=pytest.mark.slow)])
def test_T19_a_process_that_is_killed_ends_the_others_within_seconds(
    victim: int, root: Path
) -> None:
    config = small_runs.config(
        root, train__batch_size=3, train__steps=2000, train__save_every=2, train__log_every=1
    )
    take_step = loop.take_step

    def work(rank: int) -> tuple[str, float]:
        last = [time.monotonic()]

        def die_at_step_7(training: state.TrainingState, *arguments: Any) -> Any:
            if training.step == 7 and rank == victim:
                os.kill(os.getpid(), signal.SIGKILL)
            last[0] = time.monotonic()
            return take_step(training, *arguments)

        loop.take_step = die_at_step_7  # in a forked process, which ends after this
        with pytest.raises(TrainingError) as error:
            small_runs.train(config, root / "run")
        return str(error.value), time.monotonic() - last[0]

    for message, seconds in two_processes.run(work, world=3, killed_rank=victim):
        assert "another process has died or cannot be reached" in message
        assert seconds < 5
    newest, messages = retention.newest_checkpoint(root / "run")
    assert (newest.name, messages) == ("step-00000006", [])
    assert small_runs.resume(root / "run", steps=9).step == 9


def test_T19_a_process_that_hangs_ends_the_others_after_the_timeout(root: Path) -> None:
    config = small_runs.config(root, train__batch_size=2, train__steps=2000, train__timeout=1.0)
    take_step = loop.take_step

    def work(rank: int) -> tuple[str, float]:
        last = [time.monotonic()]

        def hang_at_step_3(training: state.TrainingState, *arguments: Any) -> Any:
            last[0] = time.monotonic()
            if training.step == 3 and rank == 1:
                time.sleep(4)
            return take_step(training, *arguments)

        loop.take_step = hang_at_step_3  # in a forked process, which ends after this
        with pytest.raises(TrainingError) as error:
            small_runs.train(config, root / "run")
        return str(error.value), time.monotonic() - last[0]

    (message, seconds), (late, _) = two_processes.run(work)
    assert "another process hangs: train.timeout has passed" in message
    assert 0.5 < seconds < 4
    assert "another process" in late


def test_a_failed_save_of_the_first_process_fails_on_every_process(root: Path) -> None:
    """The other processes must not continue as if the step had been saved."""

    def work(rank: int) -> tuple[str, list[int]]:
        config = small_runs.config(root, train__batch_size=2)
        disk = FaultyDisk(pytest.MonkeyPatch())  # in a forked process, which ends after this
        with distributed.process_group(CPU):
            training = build_training(config, image_spec((16, 16), ("a", "b")), CPU)
            if rank == 0:
                disk.arm(1, no_space, always=True)
            try:
                write.save(root / "run", training, resume=training)
            except SaveError as error:
                return str(error), small_runs.checkpoint_steps(root / "run")
        return "", small_runs.checkpoint_steps(root / "run")

    first, second = two_processes.run(work)
    assert first == ("could not save step 0: No space left on device", [])
    assert second == ("could not save step 0: see the first process", [])
