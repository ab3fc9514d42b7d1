"""Whole training runs: signals, time limits, locks and determinism."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_runs
import torch

from translate.engine.processes.signals import Interrupts
from translate.engine.training import train
from translate.errors import ConfigError
from translate.progress import ProgressReporter


class CallAfterStep(ProgressReporter):
    """Calls `action` after the step with the given number."""

    def __init__(self, number: int, action: Callable[[], object]) -> None:
        self.number, self.action = number, action

    def step(self, step: int, steps: int) -> None:  # noqa: ARG002
        if step == self.number:
            self.action()


def test_bf16_trains_and_saves_full_precision(root: Path) -> None:
    from safetensors.torch import load

    config = small_runs.config(root, train__precision="bf16", train__steps=2)
    run = small_runs.train(config, root / "run").path
    tensors = load(small_runs.checkpoint_tensors(run)["weights.safetensors"])
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float32}


def test_T7_a_save_signal_writes_a_checkpoint_and_training_continues(root: Path) -> None:
    config, interrupts = small_runs.config(root, train__steps=5), Interrupts(save_on="SIGUSR1")
    progress = CallAfterStep(3, lambda: os.kill(os.getpid(), signal.SIGUSR1))
    result = small_runs.train(config, root / "run", progress, interrupts=interrupts)
    assert (result.step, result.signal, result.timed_out) == (5, 0, False)
    assert small_runs.checkpoint_steps(root / "run") == [3, 5]


def test_T6_the_time_limit_ends_with_a_checkpoint_that_a_resume_continues(root: Path) -> None:
    config, uninterrupted = small_runs.config(root, train__steps=4), root / "straight"
    small_runs.train(config, uninterrupted)
    interrupts = Interrupts()
    progress = CallAfterStep(2, lambda: setattr(interrupts, "_deadline", 0.0))
    result = small_runs.train(config, root / "run", progress, interrupts=interrupts)
    assert (result.step, result.signal, result.timed_out) == (2, 0, True)
    assert small_runs.resume(root / "run").step == 4
    assert small_runs.equal_checkpoints(root / "run", uninterrupted)


LOCK_FOLDER = """
import sys
from pathlib import Path
from translate.engine.disk.locks import lock_folder
with lock_folder(Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.read()
"""


def test_T16_two_processes_do_not_train_in_one_folder(root: Path) -> None:
    config, run = small_runs.config(root, train__steps=2), root / "run"
    small_runs.train(config, run)
    command = [sys.executable, "-c", LOCK_FOLDER, str(run)]
    pipe = subprocess.PIPE
    other_process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
    assert other_process.stdout and other_process.stdout.readline() == "locked\n"
    before = sorted(p.name for p in run.rglob("*"))
    with pytest.raises(ConfigError, match="is in use: another process trains there"):
        small_runs.resume(run, steps=4)
    assert sorted(p.name for p in run.rglob("*")) == before
    other_process.communicate("")
    assert small_runs.resume(run, steps=4).step == 4
    assert not (run / ".lock").exists()


def test_T16_the_lock_of_a_killed_run_is_released(root: Path) -> None:
    small_runs.train(small_runs.config(root, train__steps=1), root / "run")
    (root / "run/.lock").touch()
    assert small_runs.resume(root / "run", steps=2).step == 2


def test_a_deterministic_run_sets_and_restores_pytorchs_deterministic_mode(root: Path) -> None:
    modes: list[bool] = []
    progress = CallAfterStep(1, lambda: modes.append(torch.are_deterministic_algorithms_enabled()))
    config = small_runs.config(root, train__steps=2, train__deterministic=True)
    small_runs.train(config, root / "run", progress)
    assert modes == [True]
    assert not torch.are_deterministic_algorithms_enabled()
    small_runs.train(small_runs.config(root, train__steps=2), root / "usual")
    equal = small_runs.equal_checkpoints(root / "run", root / "usual")
    assert equal, "a CPU is always deterministic"


def test_a_run_that_another_process_trains_during_the_checks_is_not_overwritten(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, run = small_runs.config(root, train__steps=2), root / "run"
    open_session = train.open_session

    def train_after_checks(train_run: Callable[[], object]) -> None:
        """Call `train_run` after the checks of the next run, as another process could."""

        def open_then_train(*arguments: Any) -> Any:
            session = open_session(*arguments)
            monkeypatch.setattr(train, "open_session", open_session)
            train_run()
            return session

        monkeypatch.setattr(train, "open_session", open_then_train)

    train_after_checks(lambda: small_runs.train(config, run))
    with pytest.raises(ConfigError, match=r"trained there meanwhile, to step 2\. To continue"):
        small_runs.train(config, run)
    train_after_checks(lambda: small_runs.resume(run, steps=4))
    with pytest.raises(ConfigError, match="trained there meanwhile, to step 4"):
        small_runs.resume(run, steps=4)
