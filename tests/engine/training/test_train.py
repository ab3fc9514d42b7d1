"""Whole training runs: signals, time limits, locks and determinism."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import small_runs
import torch

from translate.engine.processes.signals import Interrupts
from translate.engine.training import train
from translate.errors import ConfigError
from translate.progress import ProgressReporter


class Acting(ProgressReporter):
    """Calls a function after a step."""

    def __init__(self, index: int, action: Callable[[], object]) -> None:
        self.at, self.act = index, action

    def step(self, step: int, steps: int) -> None:  # noqa: ARG002
        if step == self.at:
            self.act()


def test_bf16_trains_and_saves_full_precision(root: Path) -> None:
    from safetensors.torch import load

    run = small_runs.train(
        small_runs.config(root, train__precision="bf16", train__steps=2), root / "run"
    ).path
    tensors = load(small_runs.checkpoint_tensors(run)["weights.safetensors"])
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float32}


def test_T7_a_save_signal_writes_a_checkpoint_and_training_continues(root: Path) -> None:
    config, interrupts = small_runs.config(root, train__steps=5), Interrupts(save_on="SIGUSR1")
    progress = Acting(3, lambda: os.kill(os.getpid(), signal.SIGUSR1))
    result = train.start(config, out=root / "run", progress=progress, interrupts=interrupts)
    assert (result.step, result.signal, result.timed_out) == (5, 0, False)
    assert small_runs.checkpoint_steps(root / "run") == [3, 5]


def test_T6_the_time_limit_ends_with_a_checkpoint_that_a_resume_continues(root: Path) -> None:
    config, uninterrupted = small_runs.config(root, train__steps=4), root / "straight"
    small_runs.train(config, uninterrupted)
    interrupts = Interrupts()
    progress = Acting(2, lambda: setattr(interrupts, "_deadline", 0.0))
    result = train.start(config, out=root / "run", progress=progress, interrupts=interrupts)
    assert (result.step, result.signal, result.timed_out) == (2, 0, True)
    assert train.resume(root / "run", progress=ProgressReporter()).step == 4
    ends = [
        run / "checkpoints/step-00000004/weights.safetensors"
        for run in (root / "run", uninterrupted)
    ]
    assert ends[0].read_bytes() == ends[1].read_bytes()


def test_T16_two_runs_do_not_share_a_folder(root: Path) -> None:
    """A lock belongs to a process, so another process holds it."""
    config = small_runs.config(root, train__steps=2)
    small_runs.train(config, root / "run")
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path\n"
            "from translate.engine.disk.locks import lock_folder\n"
            "with lock_folder(Path(sys.argv[1])):\n    print('held', flush=True); sys.stdin.read()",
            str(root / "run"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdin and holder.stdout and holder.stdout.readline() == "held\n"
    before = sorted(p.name for p in (root / "run").rglob("*"))
    with pytest.raises(ConfigError, match="is in use: another process trains there"):
        train.resume(root / "run", flags={"train.steps": 4}, progress=ProgressReporter())
    assert sorted(p.name for p in (root / "run").rglob("*")) == before
    holder.communicate("")
    assert (
        train.resume(root / "run", flags={"train.steps": 4}, progress=ProgressReporter()).step == 4
    )
    assert not (root / "run/.lock").exists()


def test_T16_the_lock_of_a_killed_run_is_released(root: Path) -> None:
    small_runs.train(small_runs.config(root, train__steps=1), root / "run")
    (root / "run/.lock").touch()
    assert (
        train.resume(root / "run", flags={"train.steps": 2}, progress=ProgressReporter()).step == 2
    )


def test_a_deterministic_run_sets_and_restores_pytorchs_deterministic_mode(root: Path) -> None:
    modes: list[bool] = []
    progress = Acting(1, lambda: modes.append(torch.are_deterministic_algorithms_enabled()))
    config = small_runs.config(root, train__steps=2, train__deterministic=True)
    train.start(config, out=root / "run", progress=progress)
    assert modes == [True]
    assert not torch.are_deterministic_algorithms_enabled()
    small_runs.train(small_runs.config(root, train__steps=2), root / "usual")
    ends = [root / f"{n}/checkpoints/step-00000002/weights.safetensors" for n in ("run", "usual")]
    assert ends[0].read_bytes() == ends[1].read_bytes(), "a CPU is always deterministic"


def test_a_run_that_was_trained_while_another_process_prepared_is_not_overwritten(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, run = small_runs.config(root, train__steps=2), root / "run"

    def train_meanwhile(*args: Any, **named: Any) -> Any:
        session = prepare(*args, **named)
        monkeypatch.setattr(train, "open_session", prepare)
        other()
        return session

    prepare = train.open_session
    other: Callable[[], object] = partial(small_runs.train, config, run)
    monkeypatch.setattr(train, "open_session", train_meanwhile)
    with pytest.raises(ConfigError, match=r"trained there meanwhile, to step 2\. To continue"):
        small_runs.train(config, run)
    longer: Any = {"flags": {"train.steps": 4}, "progress": ProgressReporter()}
    other = partial(train.resume, run, **longer)
    monkeypatch.setattr(train, "open_session", train_meanwhile)
    with pytest.raises(ConfigError, match="trained there meanwhile, to step 4"):
        train.resume(run, **longer)
