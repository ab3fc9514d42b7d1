"""The contents of run.json: versions, device, git state, data."""

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch

from translate import __version__
from translate.engine.checkpoints.read import Checkpoint
from translate.engine.checkpoints.state import TrainingState
from translate.engine.data.check import CheckedData
from translate.engine.disk.records import json_files
from translate.engine.processes import distributed
from translate.engine.processes.launch import read_launch
from translate.engine.splits.held_out import Subset
from translate.engine.system.memory import memory_limit_mb
from translate.errors import CheckpointError
from translate.images.files.tar_files import file_size


class DataFacts(json_files.Record):
    """Number and digest of the images, in ``run.json``."""

    files: int
    sha256: str
    validation: "DataFacts | None" = None


class RunRecord(json_files.Record):
    """The entries of ``run.json`` that are read again."""

    threads: int | None = None
    device: str | None = None
    directory: str | None = None
    memory_limit_mb: int | None = None
    data: DataFacts | None = None
    earlier: list[dict[str, Any]] = []


def sessions(run: Path) -> list[dict[str, Any]]:
    """Return the records of all sessions in ``run.json``, the last one last; none without the file.

    Raises `CheckpointError` if it is damaged.
    """
    path = run / "run.json"
    if not os.path.lexists(path):
        return []
    facts = json_files.read_record(path, RunRecord).model_dump(exclude_unset=True)
    return [*facts.pop("earlier", []), facts]


def working_directory_of(run: Path) -> str:
    """Return the directory in which the paths of a run's configuration were typed, if known."""
    try:
        *_, last = sessions(run) or [{}]
    except CheckpointError:
        return ""  # `RunWriter.begin` logs it
    return str(last.get("directory") or "")


def describe_run(training: TrainingState, data: CheckedData) -> dict[str, Any]:
    return {
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "versions": {
            "translate-kit": __version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
        "device": str(next(training.recipe.parameters()).device),
        "memory_limit_mb": memory_limit_mb(next(training.recipe.parameters()).device),
        "threads": torch.get_num_threads(),
        "processes": read_launch().world_size,
        "git": _git_state(),
        "data": fingerprint(data),
        "seed": training.config.train.seed,
        "started": now(),
        "started_at_step": training.step,
    }


def machine_changes(run: Path, checkpoint: Checkpoint, training: TrainingState) -> list[str]:
    """Return the differences between the machine of `training` and that of the saved `run`."""
    try:
        *_, before = sessions(run) or [{}]
    except CheckpointError:
        before = {}  # `RunWriter.begin` logs it
    now = {
        "processes": distributed.world_size(),
        "threads": torch.get_num_threads(),
        "device": str(next(training.recipe.parameters()).device),
        "PyTorch": str(torch.__version__),
    }
    description = checkpoint.description
    past = {
        "processes": description["processes"],
        "threads": description.get("threads", before.get("threads")),
        "device": before.get("device"),
        "PyTorch": description["versions"]["torch"],
    }
    return [
        f"{value} {name} instead of {past[name]}"
        if isinstance(value, int)
        else f"{name} {value} instead of {past[name]}"
        for name, value in now.items()
        if past[name] not in (None, value)
    ]


def fingerprint(data: CheckedData) -> dict[str, Any]:
    """Return the number of training files, and a digest of their names and sizes.

    It includes the fingerprint of the validation images, if any. For a file of many images, the
    digest includes the indices of those that are used.
    """
    paths = (*data.layout.files, *data.layout.sources)
    listed = [f"{path.name} {file_size(path)}" for path in paths]
    if isinstance(data.layout, Subset):
        listed += map(str, data.layout.indices)
    digest = sha256("\n".join(sorted(listed)).encode("utf-8", "surrogateescape")).hexdigest()
    validation = {"validation": fingerprint(data.validation)} if data.validation else {}
    return {"files": len(paths), "sha256": digest, **validation}


def _git_state() -> str | None:
    command = ["git", "describe", "--always", "--dirty"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return result.stdout.strip() or None


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
