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
"""begins the names of moments: ``optimizer/player/index/name``"""


def read_moments(folder: Path, training: TrainingState) -> dict[str, Tensor]:
    """Return the moments of a checkpoint by the current names of players.

    Those that were saved in parts are sharded as the parameters of `training` are, or whole; each
    process reads what it needs. Others are whole, and read where they are used: copy them.
    """
    renamed, players = training.recipe.renamed, training.optimizers
    current = {old: new for old, new in renamed.items() if old not in players}

    def allocate(name: str, shape: Size, dtype: torch.dtype) -> Tensor:
        _, player, index, _ = name.split("/", 3)
        optimizer = players.get(current.get(player, player))
        groups = optimizer.param_groups if optimizer else []
        parameters = [parameter for group in groups for parameter in group["params"]]
        if int(index) < len(parameters) and parameters[int(index)].shape == shape:
            return torch.empty_like(parameters[int(index)], dtype=dtype, requires_grad=False)
        return torch.empty(shape, dtype=dtype)

    if (folder / SHARDS).is_file():
        # imported here: PyTorch's module takes two seconds, and other runs need none of it
        from translate.engine.checkpoints.sharded.reader import load_shards

        moments = load_shards(folder, allocate)
    else:
        saved = map_tensors(folder / TRAINING)
        moments = {name: tensor for name, tensor in saved.items() if name.startswith(MOMENTS)}
    for old, new in current.items():
        moments |= with_prefix(f"optimizer/{new}", without_prefix(f"optimizer/{old}", moments))
    return moments


def read_own_state(folder: Path, training: TrainingState) -> dict[str, Tensor]:
    """Return the random state of this process, and the recipe's own, by its current names.

    It is empty if the run had fewer processes.
    """
    file = folder / training_file(distributed.rank())
    if distributed.rank() and not file.is_file():
        return {}
    own = {n: t.clone() for n, t in map_tensors(file).items() if not n.startswith(MOMENTS)}
    expected = training.recipe.training_state()
    state = current_names(without_prefix("recipe", own), training.recipe.renamed, expected)
    others = {name: tensor for name, tensor in own.items() if not name.startswith("recipe/")}
    return {**others, **with_prefix("recipe", state)}
