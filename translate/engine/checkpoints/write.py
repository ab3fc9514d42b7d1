"""Write a checkpoint: whole, verified, or not at all."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from translate import __version__
from translate.engine.checkpoints.contents import FORMAT, MANIFEST, with_prefix
from translate.engine.checkpoints.retention import is_whole, prune, verify
from translate.engine.checkpoints.safetensors import serialize
from translate.engine.checkpoints.state import TrainingState
from translate.engine.config import yaml
from translate.engine.disk import durable, folders
from translate.engine.disk.durable import Chunk
from translate.engine.plugins.errors import plugin_code
from translate.engine.processes import distributed
from translate.engine.system.randomness import random_state
from translate.errors import CheckpointError, SaveError

# -- writing --------------------------------------------------------------------------------------


def write_checkpoint(run: Path, training: TrainingState) -> Path:
    """Save `training` under `run`; every process must call this, the first one writes.

    The result is read back and verified before older checkpoints are removed. Raises `SaveError`
    on every process when the disk refuses, or returns something else than it was given.
    """
    path = run / "checkpoints" / f"step-{training.step:08d}"
    with plugin_code(training.recipe, "training_state"):
        own = training.recipe.training_state()
    mine = {**random_state(), **with_prefix("recipe", own)}
    others = distributed.gather_bytes(b"".join(serialize(mine)) if distributed.rank() else b"")[1:]
    reason = ""
    if distributed.is_first():
        try:
            if not is_whole(path):  # never taken away, not even for another like it
                contents = _contents(training, mine, others)
                folders.write_folder(path, contents, size=_size(training, mine, others))
                verify(path)
            prune(run, training.config.train.keep, training.step)
        except (OSError, CheckpointError) as error:
            reason = getattr(error, "strerror", None) or str(error)
    if distributed.all_reduce_max(bool(reason)):
        raise SaveError(f"could not save step {training.step}: {reason or 'see the first process'}")
    return path


def _size(training: TrainingState, mine: Mapping[str, Tensor], others: list[bytes]) -> int:
    """Return how many bytes a checkpoint takes, headers and what describes it aside."""
    states = [training.recipe.state_dict(), mine]
    states += [training.average.module.state_dict()] if training.average else []
    states += [values for o in training.optimizers.values() for values in o.state.values()]
    tensors = [t for state in states for t in state.values() if isinstance(t, Tensor)]
    return sum(tensor.nbytes for tensor in tensors) + sum(map(len, others))


def _contents(
    training: TrainingState, mine: Mapping[str, Tensor], others: list[bytes]
) -> dict[str, durable.Content]:
    """Return the files of a checkpoint; the manifest is the last, and made of what was written."""
    tensors, scalars = {}, {}
    for player, optimizer in training.optimizers.items():
        state = optimizer.state_dict()
        kept: dict[str, dict[str, Any]] = {}
        for index, values in state["state"].items():
            for name, value in values.items():
                if isinstance(value, Tensor):
                    tensors[f"optimizer/{player}/{index}/{name}"] = value
                else:
                    kept.setdefault(str(index), {})[name] = value
        scalars[player] = {
            "kind": type(optimizer).__name__,
            "state": kept,
            "param_groups": state["param_groups"],
            "configured": training.configured[player],
        }
    description = {
        "format": FORMAT,
        "step": training.step,
        "config": yaml.document(training.config),
        "spec": asdict(training.spec),
        "images": {"range": [-1, 1], "channels_first": True},
        "optimizers": scalars,
        "averaged": int(training.average.n_averaged) if training.average else 0,
        "processes": 1 + len(others),
        "threads": torch.get_num_threads(),
        "versions": {"translate-kit": __version__, "torch": torch.__version__},
    }
    contents: dict[str, Iterable[Chunk]] = {
        "weights.safetensors": serialize(training.recipe.state_dict())
    }
    if training.average:
        contents["ema.safetensors"] = serialize(training.average.module.state_dict())
    contents["training.safetensors"] = serialize({**tensors, **mine})
    for number, data in enumerate(others, start=1):
        contents[f"training-rank-{number}.safetensors"] = [data]
    contents["state.json"] = [_json(description)]
    listed: dict[str, dict[str, Any]] = {}
    written = {name: _noted(chunks, name, listed) for name, chunks in contents.items()}
    return {**written, MANIFEST: _manifest(listed)}


def _noted(
    chunks: Iterable[Chunk], name: str, listed: dict[str, dict[str, Any]]
) -> Iterator[Chunk]:
    """Pass on `chunks`, and then list what they were."""
    digest, size = sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        yield chunk
    listed[name] = {"sha256": digest.hexdigest(), "size": size}


def _manifest(listed: Mapping[str, Any]) -> Iterator[Chunk]:
    yield _json({"format": FORMAT, "files": listed})


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode()
