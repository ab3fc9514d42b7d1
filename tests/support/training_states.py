"""Training states of small recipes: built, trained, saved and restored."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import small_runs
import torch
from specs import image_spec

from translate.batches import Pair
from translate.engine.checkpoints import read, write
from translate.engine.checkpoints.state import TrainingState
from translate.engine.optimization.build import build_training
from translate.engine.optimization.step import take_turns

CPU = torch.device("cpu")


def build_training_state(recipe: str = "cyclegan", **flags: Any) -> TrainingState:
    """Return the training state of a small recipe at step 0."""
    size = small_runs.SIZES[recipe]
    config = small_runs.config(Path("nowhere"), recipe, **flags)
    return build_training(config, image_spec((size, size), ("a", "b")), CPU)


def train_steps(training: TrainingState, steps: int) -> None:
    """Train on random pairs."""
    size = training.spec.size
    for _ in range(steps):
        batch = Pair(*(torch.rand(2, 1, 3, *size) * 2 - 1))
        take_turns(training.recipe, batch, training.optimizers)
        training.step += 1
        if training.average:
            training.average.update_parameters(training.recipe)


def save(run: Path, training: TrainingState, step: int | None = None) -> Path:
    """Save a checkpoint with its resume state, as of another `step` if given; return its path."""
    training.step = training.step if step is None else step
    return write.save(run, training, training)


def restore(path: Path) -> TrainingState:
    """Return the training state of the checkpoint at `path`."""
    checkpoint = read.read_checkpoint(path)
    training = build_training(checkpoint.config, checkpoint.spec, CPU)
    read.restore(training, checkpoint)
    return training


def two_checkpoints(run: Path) -> tuple[Path, Path]:
    """Save checkpoints of steps 1 and 2."""
    training = build_training_state(train__ema=0.5)
    train_steps(training, 1)
    first = save(run, training)
    train_steps(training, 1)
    return first, save(run, training)


def file_contents(path: Path) -> dict[str, bytes]:
    """Return the content of each file of a checkpoint."""
    return {file.name: file.read_bytes() for file in path.iterdir()}


def change_json(file: Path, change: Callable[[Any], object]) -> None:
    """Let `change` modify the content of a JSON file."""
    content = json.loads(file.read_bytes())
    change(content)
    file.write_text(json.dumps(content))
