"""Write a checkpoint: whole, verified, or not at all."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from translate import __version__
from translate.engine.checkpoints.contents import (
    AVERAGE,
    FORMAT,
    MANIFEST,
    TRAINING,
    WEIGHTS,
    Best,
    with_prefix,
)
from translate.engine.checkpoints.optimizers import describe_optimizers, optimizer_tensors
from translate.engine.checkpoints.retention import is_whole, retain, verify
from translate.engine.checkpoints.safetensors import serialize
from translate.engine.checkpoints.state import ModelState, TrainingState
from translate.engine.config import yaml
from translate.engine.config.plugin_versions import plugin_versions
from translate.engine.disk import folders
from translate.engine.disk.durable import Chunk
from translate.engine.plugins.errors import plugin_code
from translate.engine.processes import distributed
from translate.engine.processes.sharded_tensors import gather
from translate.engine.system.randomness import random_state
from translate.errors import CheckpointError, SaveError


def save(
    run: Path,
    model: ModelState,
    resume: TrainingState | None = None,
    metrics: Mapping[str, float] | None = None,
    *,
    best: Best | None = None,
) -> Path:
    """Save `model` as a checkpoint of `run`; every process must call this, the first one writes.

    The result is read back and verified before older checkpoints are removed.

    Args:
        run: The run folder.
        model: What inference needs.
        resume: The same with optimizers and random state, for a checkpoint that can be resumed.
        metrics: Measurements of this model, kept in ``state.json``.
        best: The metric that decides which checkpoint is never removed, ``("kid", "min")``.

    Returns:
        The folder of the checkpoint.

    Raises:
        SaveError: On every process, when the disk refuses or returns other bytes than were written.
    """
    path = run / "checkpoints" / f"step-{model.step:08d}"
    mine, others = _process_states(resume) if resume else ({}, [])
    tensors = _gather_tensors(model, resume, mine)
    reason = ""
    if distributed.is_first():
        try:
            if not is_whole(path, training=bool(resume)):  # never replaced by one like it
                description = _describe(model, resume, 1 + len(others), metrics or {}, best)
                contents = _contents(tensors, description, others)
                folders.write_folder(path, contents, size=_size(tensors, others))
                verify(path, training=bool(resume))
            retain(run, model.config.train.keep, best, upto=model.step)
        except (OSError, CheckpointError) as error:
            reason = getattr(error, "strerror", None) or str(error)
    if distributed.all_reduce_max(bool(reason)):
        raise SaveError(f"could not save step {model.step}: {reason or 'see the first process'}")
    return path


def _process_states(training: TrainingState) -> tuple[dict[str, Tensor], list[bytes]]:
    """Return the random state and the recipe's own of this process, and those of the others."""
    with plugin_code(training.recipe, "training_state"):
        own = training.recipe.training_state()
    mine = {**random_state(), **with_prefix("recipe", own)}
    others = distributed.gather_bytes(b"".join(serialize(mine)) if distributed.rank() else b"")[1:]
    return mine, others


def serialized_bytes(training: TrainingState) -> int:
    """Return how many bytes a checkpoint takes: serialize and hash it, and write nothing."""
    mine, others = _process_states(training)
    description = _describe(training, training, 1 + len(others), {}, None)
    contents = _contents(_gather_tensors(training, training, mine), description, others)
    return sum(len(chunk) for chunks in contents.values() for chunk in chunks)


def _gather_tensors(
    model: ModelState, resume: TrainingState | None, own_state: Mapping[str, Tensor]
) -> dict[str, dict[str, Tensor]]:
    """Return the tensors of each file, whole on the first process; every process must call this."""
    tensors: dict[str, Mapping[str, Tensor]] = {WEIGHTS: model.recipe.state_dict()}
    if model.average:
        tensors[AVERAGE] = model.average.module.state_dict()
    if resume:
        tensors[TRAINING] = {**optimizer_tensors(resume.optimizers), **own_state}
    return {file: gather(named) for file, named in tensors.items()}


def _size(tensors: Mapping[str, Mapping[str, Tensor]], others: list[bytes]) -> int:
    """Return how many bytes a checkpoint takes, without headers and descriptions."""
    each = [tensor for named in tensors.values() for tensor in named.values()]
    return sum(tensor.nbytes for tensor in each) + sum(map(len, others))


def _describe(
    model: ModelState,
    resume: TrainingState | None,
    processes: int,
    metrics: Mapping[str, float],
    best: Best | None,
) -> dict[str, Any]:
    """Return ``state.json``: all that is not a tensor."""
    config = yaml.document(model.config)
    return {
        "format": FORMAT,
        "step": model.step,
        "config": config,
        "spec": asdict(model.spec),
        "images": {"range": [-1, 1], "channels_first": True},
        "optimizers": describe_optimizers(resume.optimizers, resume.initial_groups)
        if resume
        else {},
        "averaged": int(model.average.n_averaged) if model.average else 0,
        "metrics": {name: float(v) for name, v in metrics.items() if isfinite(v)},
        "best": list(best) if best else None,
        "selection": resume.selection.document() if resume and resume.selection else None,
        "processes": processes,
        "threads": torch.get_num_threads(),
        "versions": {"translate-kit": __version__, "torch": torch.__version__},
        "plugins": plugin_versions(config),
    }


def _contents(
    tensors: Mapping[str, Mapping[str, Tensor]],
    description: Mapping[str, Any],
    others: list[bytes],
) -> dict[str, Iterator[Chunk]]:
    """Return the files of a checkpoint; the manifest is the last, and made of what was written."""
    contents: dict[str, Iterable[Chunk]] = {n: serialize(named) for n, named in tensors.items()}
    for number, data in enumerate(others, start=1):
        contents[f"training-rank-{number}.safetensors"] = [data]
    contents["state.json"] = [_json(description)]
    listed: dict[str, dict[str, Any]] = {}
    written = {name: with_digest(chunks, name, listed) for name, chunks in contents.items()}
    return {**written, MANIFEST: _manifest(listed)}


def with_digest(
    chunks: Iterable[Chunk], name: str, listed: dict[str, dict[str, Any]]
) -> Iterator[Chunk]:
    """Pass on `chunks`, and then list what they were."""
    digest, size = sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        yield chunk
    listed[name] = {"sha256": digest.hexdigest(), "size": size}


def _manifest(entries: Mapping[str, Any]) -> Iterator[Chunk]:
    yield _json({"format": FORMAT, "files": entries})


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode()
