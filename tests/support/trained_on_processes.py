"""Train on forked processes; each returns its messages, last step and weights."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import small_runs
import two_processes
from safetensors.torch import save

from translate.engine.checkpoints import state
from translate.engine.config import schema
from translate.engine.optimization.build import build_training
from translate.engine.training import session


def train_and_record(config: schema.Config, run: Path) -> dict[str, Any]:
    """Train on this process; return its messages, its last step and hashes of its weights."""
    states, recorder = list[state.TrainingState](), small_runs.ProgressRecorder()

    def build(*arguments: Any) -> state.TrainingState:
        states.append(build_training(*arguments))
        return states[0]

    session.build_training = build  # this forked process runs nothing else
    result = small_runs.train(config, run, recorder)
    (training,) = states
    weights = {key: tensor.contiguous() for key, tensor in training.recipe.state_dict().items()}
    parameters = {key: p.detach().contiguous() for key, p in training.recipe.named_parameters()}
    return {
        "lines": recorder.lines,
        "step": result.step,
        "signal": result.signal,
        "weights": sha256(save(weights)).hexdigest(),
        "parameters": sha256(save(parameters)).hexdigest(),
    }


def train_on_processes(config: schema.Config, run: Path, world: int = 2) -> list[dict[str, Any]]:
    """Train one run on `world` processes; return the record of each, by rank."""
    return two_processes.run(lambda _: train_and_record(config, run), world=world)
