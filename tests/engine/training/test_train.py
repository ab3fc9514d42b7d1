"""Training from the beginning to any end: signals, time limits, locks and determinism."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import small_runs
import torch

from translate.engine.processes.signals import Interrupts
from translate.engine.training import train
from translate.errors import ConfigError
from translate.progress import ProgressReporter


@pytest.fixture
def root(
    image_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    image_folder("a", 4), image_folder("b", 3)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Acting(ProgressReporter):
    """Does something after a step."""

    def __init__(self, at: int, act: Callable[[], object]) -> None:
        self.at, self.act = at, act

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


def test_T7_a_signal_that_asks_for_a_checkpoint_gets_one_and_training_goes_on(root: Path) -> None:
    asked, interrupts = small_runs.config(root, train__steps=5), Interrupts(save_on="SIGUSR1")
    progress = Acting(3, lambda: os.kill(os.getpid(), signal.SIGUSR1))
    result = train.start(asked, out=root / "run", progress=progress, interrupts=interrupts)
    assert (result.step, result.signal, result.late) == (5, 0, False)
    assert small_runs.checkpoint_steps(root / "run") == [3, 5]


def test_T6_time_that_is_up_ends_with_a_checkpoint_that_a_resume_goes_on_from(root: Path) -> None:
    asked, straight = small_runs.config(root, train__steps=4), root / "straight"
    small_runs.train(asked, straight)
    interrupts = Interrupts()
    progress = Acting(2, lambda: setattr(interrupts, "_end", 0.0))
    result = train.start(asked, out=root / "run", progress=progress, interrupts=interrupts)
    assert (result.step, result.signal, result.late) == (2, 0, True)
    assert train.resume(root / "run", progress=ProgressReporter()).step == 4
    ends = [
        run / "checkpoints/step-00000004/weights.safetensors" for run in (root / "run", straight)
    ]
    assert ends[0].read_bytes() == ends[1].read_bytes()


def test_T16_two_runs_do_not_share_a_folder(root: Path) -> None:
    """The lock is a process's, so another process holds it."""
    asked = small_runs.config(root, train__steps=2)
    small_runs.train(asked, root / "run")
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path; from translate.engine.disk.locks import locked\n"
            "with locked(Path(sys.argv[1])):\n    print('held', flush=True); sys.stdin.read()",
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


def test_T16_a_killed_run_leaves_no_lock_that_holds(root: Path) -> None:
    small_runs.train(small_runs.config(root, train__steps=1), root / "run")
    (root / "run/.lock").touch()
    assert (
        train.resume(root / "run", flags={"train.steps": 2}, progress=ProgressReporter()).step == 2
    )


def test_a_deterministic_run_lets_pytorch_take_nothing_else_and_puts_it_back(root: Path) -> None:
    seen: list[bool] = []
    progress = Acting(1, lambda: seen.append(torch.are_deterministic_algorithms_enabled()))
    asked = small_runs.config(root, train__steps=2, train__deterministic=True)
    train.start(asked, out=root / "run", progress=progress)
    assert seen == [True]
    assert not torch.are_deterministic_algorithms_enabled()
    small_runs.train(small_runs.config(root, train__steps=2), root / "usual")
    ends = [root / f"{n}/checkpoints/step-00000002/weights.safetensors" for n in ("run", "usual")]
    assert ends[0].read_bytes() == ends[1].read_bytes(), "a CPU is exact anyway"
