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
from translate.engine.checkpoints.retention import is_whole, retain, verify
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

    The first process writes; where networks are sharded, every process writes its parts. The result
    is read back and verified before older checkpoints are removed.

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
    contents = _Contents(model, resume)
    reason = ""
    try:
        if not distributed.is_first():
            contents.follow()
        else:
            if not is_whole(path, training=bool(resume)):  # else this step is saved already
                description = _describe(model, resume, contents.processes, metrics or {}, best)
                contents.write(path, description)
                verify(path, training=bool(resume))
            retain(run, model.config.train.keep, best, upto=model.step)
    except (OSError, MemoryError, CheckpointError) as error:
        reason = getattr(error, "strerror", None) or str(error) or "not enough memory"
    contents.end()
    if distributed.all_reduce_max(bool(reason)):
        raise SaveError(f"could not save step {model.step}: {reason or 'see the first process'}")
    return path


class _Contents:
    """The tensors of a checkpoint; every process must make one."""

    def __init__(self, model: ModelState, resume: TrainingState | None) -> None:
        self.whole: dict[str, Mapping[str, Tensor]] = {WEIGHTS: model.recipe.state_dict()}
        if model.average:
            self.whole[AVERAGE] = model.average.module.state_dict()
        moments = optimizer_tensors(resume.optimizers) if resume else {}
        own = _own_state(resume) if resume else {}
        self.size = sum(t.nbytes for named in (*self.whole.values(), moments, own)
                        for t in named.values())  # fmt: skip
        """bytes without headers and descriptions"""
        self.others: list[bytes] = []
        """states of the other processes, which the first one writes"""
        self.shared: ShardedSave | None = None
        self.processes = distributed.world_size() if resume else 1
        if is_sharded(next(model.recipe.parameters())):
            self.shared = ShardedSave(moments, own, self.whole)
        elif resume:
            self.whole[TRAINING] = {**moments, **own}
            is_first = distributed.is_first()
            sent = distributed.gather_bytes(b"" if is_first else b"".join(serialize(own)))
            self.others = sent[1:]
            self.processes = 1 + len(self.others)

    def write(self, path: Path, description: Mapping[str, Any]) -> None:
        """Write the checkpoint; the manifest is the last file, with digests of what was written."""
        listed: dict[str, FileFacts] = {}

        def write_parts(folder: Path) -> list[str]:
            listed.update(self.shared.begin(folder) if self.shared else {})
            return list(listed)

        size = self.size + sum(map(len, self.others))
        files = self.files(description, listed)
        folders.write_folder(path, files, size=size, write_first=write_parts)

    def files(
        self, description: Mapping[str, Any], listed: dict[str, FileFacts]
    ) -> dict[str, Iterator[Chunk]]:
        """Return the files that the first process writes; the manifest has those in `listed`."""
        contents: dict[str, Iterable[Chunk]] = {
            file: self.shared.streams[file] if self.shared else serialize(named)
            for file, named in self.whole.items()
        }
        for number, data in enumerate(self.others, start=1):
            contents[training_file(number)] = [data]
        contents["state.json"] = [_json(description)]
        written = {name: with_digest(chunks, name, listed) for name, chunks in contents.items()}
        return {**written, MANIFEST: _manifest(listed)}

    def follow(self) -> None:
        """Take part in what the first process writes."""
        if self.shared:
            self.shared.follow()

    def end(self) -> None:
        """Release the other processes, whether or not the checkpoint was written."""
        if self.shared and distributed.is_first():
            self.shared.end()


def _own_state(training: TrainingState) -> dict[str, Tensor]:
    """Return the random state and the recipe's own of this process."""
    with plugin_code(training.recipe, "training_state"):
        own = training.recipe.training_state()
    return {**random_state(), **with_prefix("recipe", own)}


def serialized_bytes(training: TrainingState) -> int:
    """Return how many bytes a checkpoint takes: serialize and hash it, and write nothing.

    Every process must call this.
    """
    contents = _Contents(training, training)
    description = _describe(training, training, contents.processes, {}, None)
    files, of_others = contents.files(description, {}), 0
    if shared := contents.shared:
        parts = {name: local_shard(tensor) for name, tensor in shared.moments.items()}
        files[TRAINING] = with_digest(serialize({**parts, **shared.own}), TRAINING, {})
        of_others = sum(t.nbytes - parts[name].nbytes for name, t in shared.moments.items())
    return of_others + sum(len(chunk) for chunks in files.values() for chunk in chunks)


def _describe(
    model: ModelState,
    resume: TrainingState | None,
    processes: int,
    metrics: Mapping[str, float],
    best: Best | None,
) -> dict[str, Any]:
    """Return ``state.json``: all that is not a tensor."""
    config = yaml_text.plain_values(model.config)
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


def _manifest(entries: Mapping[str, FileFacts]) -> Iterator[Chunk]:
    files = {name: facts.model_dump() for name, facts in entries.items()}
    yield _json({"format": FORMAT, "files": files})


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode()
