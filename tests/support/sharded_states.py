"""Sharded training states: built, trained and saved by two processes."""

from pathlib import Path
from typing import Any, NamedTuple

import small_runs
import torch
import two_processes
from specs import image_spec
from torch import Tensor
from training_states import train_steps

import translate.engine.checkpoints.sharded.reader
import translate.engine.checkpoints.sharded.writer  # noqa: F401
from translate.engine.checkpoints import write
from translate.engine.checkpoints.state import TrainingState
from translate.engine.checkpoints.training_state.optimizers import optimizer_tensors
from translate.engine.optimization.build import build_training
from translate.engine.processes import distributed
from translate.engine.processes.sharded_tensors import full_tensor

CPU = torch.device("cpu")
SPEC = image_spec((16, 16), ("a", "b"))


class SavedRun(NamedTuple):
    """A run with a checkpoint of step 1."""

    run: Path
    path: Path
    """the checkpoint"""
    expected: dict[str, Tensor]
    """whole tensors of the state that was saved"""


def build_sharded(shard: str = "fsdp", **flags: Any) -> TrainingState:
    """Return the training state of a small CycleGAN, sharded over the processes."""
    config = small_runs.config(
        Path("none"), train__shard=shard, train__batch_size=4, train__ema=0.5, **flags
    )
    return build_training(config, SPEC, CPU)


def train_sharded(steps: int = 1) -> TrainingState:
    """Return a sharded training state after some steps, on other images in each process."""
    training = build_sharded()
    torch.manual_seed(distributed.rank())
    train_steps(training, steps)
    return training


def save_on_two_processes(run: Path) -> SavedRun:
    """Save a checkpoint by two processes."""

    def work(_: int) -> dict[str, Any]:
        with distributed.process_group(CPU):
            training = train_sharded()
            write.save(run, training, training)
            return {name: value.tolist() for name, value in whole_state(training).items()}

    first, second = two_processes.run(work)
    assert first == second
    expected = {name: torch.tensor(value) for name, value in first.items()}
    return SavedRun(run, run / "checkpoints/step-00000001", expected)


def whole_state(training: TrainingState) -> dict[str, Tensor]:
    """Return whole tensors of weights, averages and moments; every process must call this."""
    assert training.average
    state = {
        **{f"weights/{n}": t for n, t in training.recipe.state_dict().items()},
        **{f"average/{n}": t for n, t in training.average.module.state_dict().items()},
        **optimizer_tensors(training.optimizers),
    }
    return {name: full_tensor(tensor.detach()).clone() for name, tensor in state.items()}
