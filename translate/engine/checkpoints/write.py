"""Write checkpoints atomically, and verify them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
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
    FileFacts,
    with_digest,
    with_prefix,
)
from translate.engine.checkpoints.retention import is_whole, remove_old_checkpoints, verify
from translate.engine.checkpoints.safetensors import serialize
from translate.engine.checkpoints.sharded.index import training_file
from translate.engine.checkpoints.sharded.save import ShardedSave
from translate.engine.checkpoints.state import ModelState, TrainingState
from translate.engine.checkpoints.training_state.optimizers import (
    describe_optimizers,
    optimizer_tensors,
)
from translate.engine.config import yaml_text
from translate.engine.config.plugin_versions import plugin_versions
from translate.engine.disk import folders
from translate.engine.disk.durable import Chunk
from translate.engine.plugins.errors import plugin_code
from translate.engine.processes import distributed
from translate.engine.processes.sharded_tensors import is_sharded, local_shard
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
    """Save `model` as a checkpoint of `run`; every process must call this.

    The first process writes. If networks are sharded, every process writes its shards of the
    optimizers' moments. The checkpoint is read back and verified before older ones are removed.

    Args:
        run: The run folder.
        model: What inference needs.
        resume: The training state of the same model, for a checkpoint that can be resumed.
        metrics: Values of metrics for this model, for ``state.json``.
        best: The metric that decides which checkpoint is never removed: ``(NAME, "min")``.

    Returns:
        The folder of the checkpoint.

    Raises:
        SaveError: On every process, if a file cannot be written, or is read back with other bytes.
    """
    path = run / "checkpoints" / f"step-{model.step:08d}"
    contents = _Contents(model, resume)
    reason = ""
    try:
        if not distributed.is_first():
            contents.participate()
        else:
            if not is_whole(path, training=bool(resume)):  # else this step is saved already
                description = _describe(model, resume, contents.processes, metrics or {}, best)
                contents.write(path, description)
                verify(path, training=bool(resume))
            remove_old_checkpoints(run, model.config.train.keep, best, newest_step=model.step)
    except (OSError, MemoryError, CheckpointError) as error:
        reason = getattr(error, "strerror", None) or str(error) or "not enough memory"
    contents.end()
    if distributed.all_reduce_max(bool(reason)):
        raise SaveError(f"could not save step {model.step}: {reason or 'see the first process'}")
    return path


class _Contents:
    """The contents of a checkpoint; every process must make an instance."""

    def __init__(self, model: ModelState, resume: TrainingState | None) -> None:
        self.tensors: dict[str, Mapping[str, Tensor]] = {WEIGHTS: model.recipe.state_dict()}
        """the tensors of each file that the first process writes, by the name of the file"""
        if model.average:
            self.tensors[AVERAGE] = model.average.module.state_dict()
        moments = optimizer_tensors(resume.optimizers) if resume else {}
        process_state = _process_state(resume) if resume else {}
        groups = (*self.tensors.values(), moments, process_state)
        self.size = sum(tensor.nbytes for group in groups for tensor in group.values())
        """size of all tensors in bytes"""
        self.other_states: list[bytes] = []
        """serialized states of the other processes, which the first process writes"""
        self.sharded_save: ShardedSave | None = None
        self.processes = distributed.world_size() if resume else 1
        if is_sharded(next(model.recipe.parameters())):
            self.sharded_save = ShardedSave(moments, process_state, self.tensors)
        elif resume:
            self.tensors[TRAINING] = {**moments, **process_state}
            data = b"" if distributed.is_first() else b"".join(serialize(process_state))
            self.other_states = distributed.gather_bytes(data)[1:]
            self.processes = 1 + len(self.other_states)

    def write(self, path: Path, description: Mapping[str, Any]) -> None:
        """Write the checkpoint; the manifest is the last file, with the digests of the others."""
        facts: dict[str, FileFacts] = {}

        def write_shards(folder: Path) -> list[str]:
            facts.update(self.sharded_save.begin(folder) if self.sharded_save else {})
            return list(facts)

        size = self.size + sum(map(len, self.other_states))
        files = self.files(description, facts)
        folders.write_folder(path, files, size=size, write_first=write_shards)

    def files(
        self, description: Mapping[str, Any], facts: dict[str, FileFacts]
    ) -> dict[str, Iterator[Chunk]]:
        """Return the files that the first process writes.

        Each file adds its digest to `facts` when it is read; the manifest has all `facts`.
        """
        sharded = self.sharded_save
        contents: dict[str, Iterable[Chunk]] = {
            file: sharded.streams[file] if sharded else serialize(tensors)
            for file, tensors in self.tensors.items()
        }
        for rank, data in enumerate(self.other_states, start=1):
            contents[training_file(rank)] = [data]
        contents["state.json"] = [_json(description)]
        files = {name: with_digest(chunks, name, facts) for name, chunks in contents.items()}
        return {**files, MANIFEST: _manifest(facts)}

    def participate(self) -> None:
        """Take part in a save of sharded networks, on every process but the first."""
        if self.sharded_save:
            self.sharded_save.participate()

    def end(self) -> None:
        """Release the other processes, whether or not the checkpoint was written."""
        if self.sharded_save and distributed.is_first():
            self.sharded_save.end()


def _process_state(training: TrainingState) -> dict[str, Tensor]:
    """Return what differs between processes: states of random generators and of the recipe."""
    with plugin_code(training.recipe, "training_state"):
        recipe_state = training.recipe.training_state()
    return {**random_state(), **with_prefix("recipe", recipe_state)}


def serialized_bytes(training: TrainingState) -> int:
    """Return the size of a checkpoint in bytes: serialize and hash it, and write nothing.

    Every process must call this.
    """
    contents = _Contents(training, training)
    description = _describe(training, training, contents.processes, {}, None)
    files, other_bytes = contents.files(description, {}), 0
    if sharded := contents.sharded_save:
        shards = {name: local_shard(tensor) for name, tensor in sharded.moments.items()}
        tensors = {**shards, **sharded.process_state}
        files[TRAINING] = with_digest(serialize(tensors), TRAINING, {})
        other_bytes = sum(t.nbytes - shards[name].nbytes for name, t in sharded.moments.items())
    return other_bytes + sum(len(chunk) for chunks in files.values() for chunk in chunks)


def _describe(
    model: ModelState,
    resume: TrainingState | None,
    processes: int,
    metrics: Mapping[str, float],
    best: Best | None,
) -> dict[str, Any]:
    """Return the content of ``state.json``: all that is not a tensor."""
    config = yaml_text.plain_values(model.config)
    optimizers = describe_optimizers(resume.optimizers, resume.initial_groups) if resume else {}
    return {
        "format": FORMAT,
        "step": model.step,
        "config": config,
        "spec": asdict(model.spec),
        "images": {"range": [-1, 1], "channels_first": True},
        "optimizers": optimizers,
        "averaged": int(model.average.n_averaged) if model.average else 0,
        "metrics": {name: float(v) for name, v in metrics.items() if isfinite(v)},
        "best": list(best) if best else None,
        "selection": resume.selection.document() if resume and resume.selection else None,
        "processes": processes,
        "threads": torch.get_num_threads(),
        "versions": {"translate-kit": __version__, "torch": torch.__version__},
        "plugins": plugin_versions(config),
    }


def _manifest(facts: Mapping[str, FileFacts]) -> Iterator[Chunk]:
    """Yield the manifest, with the `facts` that all other files have added by then."""
    files = {name: file_facts.model_dump() for name, file_facts in facts.items()}
    yield _json({"format": FORMAT, "files": files})


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode()
