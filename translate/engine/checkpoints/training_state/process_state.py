"""Read what a resume needs besides weights: moments, and the state of each process."""

from pathlib import Path

import torch
from torch import Size, Tensor

from translate.engine.checkpoints.contents import TRAINING, with_prefix, without_prefix
from translate.engine.checkpoints.safetensors import map_tensors
from translate.engine.checkpoints.sharded.index import SHARDS, training_file
from translate.engine.checkpoints.state import TrainingState
from translate.engine.config.renamed import current_names
from translate.engine.processes import distributed

MOMENTS = "optimizer/"
"""prefix of the names of moments, ``optimizer/player/index/name``"""


def read_moments(folder: Path, training: TrainingState) -> dict[str, Tensor]:
    """Return the moments of a checkpoint by the current names of players.

    Moments that were saved as shards are sharded like the parameters of `training`; each process
    reads its shards. Other moments are memory-mapped: copy them to keep them.
    """
    players = training.optimizers
    new_names = {old: new for old, new in training.recipe.renamed.items() if old not in players}

    def allocate(name: str, shape: Size, dtype: torch.dtype) -> Tensor:
        _, player, index, _ = name.split("/", 3)
        optimizer = players.get(new_names.get(player, player))
        groups = optimizer.param_groups if optimizer else []
        parameters = [parameter for group in groups for parameter in group["params"]]
        if int(index) < len(parameters) and parameters[int(index)].shape == shape:
            return torch.empty_like(parameters[int(index)], dtype=dtype, requires_grad=False)
        return torch.empty(shape, dtype=dtype)

    if (folder / SHARDS).is_file():
        # imported here: PyTorch's module takes two seconds, and other runs do not need it
        from translate.engine.checkpoints.sharded.reader import load_shards

        moments = load_shards(folder, allocate)
    else:
        saved_tensors = map_tensors(folder / TRAINING)
        moments = {
            name: tensor for name, tensor in saved_tensors.items() if name.startswith(MOMENTS)
        }
    for old, new in new_names.items():
        moments |= with_prefix(f"optimizer/{new}", without_prefix(f"optimizer/{old}", moments))
    return moments


def read_process_state(folder: Path, training: TrainingState) -> dict[str, Tensor]:
    """Return the states of this process's random generators and recipe, by their current names.

    Empty if the checkpoint is of fewer processes.
    """
    file = folder / training_file(distributed.rank())
    if distributed.rank() and not file.is_file():
        return {}
    state = {n: t.clone() for n, t in map_tensors(file).items() if not n.startswith(MOMENTS)}
    recipe_state, expected = without_prefix("recipe", state), training.recipe.training_state()
    recipe_state = current_names(recipe_state, training.recipe.renamed, expected)
    random = {name: tensor for name, tensor in state.items() if not name.startswith("recipe/")}
    return {**random, **with_prefix("recipe", recipe_state)}
