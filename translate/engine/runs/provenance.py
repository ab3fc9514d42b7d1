"""What run.json records of a run: versions, device, git state, data."""

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
from translate.engine.data.splits import Subset
from translate.engine.disk import json_files
from translate.engine.processes import distributed
from translate.engine.processes.launch import read_launch
from translate.engine.system.memory import memory_limit_mb
from translate.errors import CheckpointError


class DataFacts(json_files.Record):
    """What ``run.json`` says of the images."""

    files: int
    sha256: str
    validation: "DataFacts | None" = None


class RunRecord(json_files.Record):
    """What is read back of ``run.json``."""

    threads: int | None = None
    device: str | None = None
    directory: str | None = None
    memory_limit_mb: int | None = None
    data: DataFacts | None = None
    earlier: list[dict[str, Any]] = []


def sessions(run: Path) -> list[dict[str, Any]]:
    """Return what ``run.json`` says of the sessions so far, the last one last.

    Raises `CheckpointError` where it is damaged. Where it is missing, there are none.
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
        return ""  # lost, which is no reason not to go on, and is said when the run begins
    return str(last.get("directory") or "")


def describe_run(training: TrainingState, prepared: CheckedData) -> dict[str, Any]:
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
        "data": fingerprint(prepared),
        "seed": training.config.train.seed,
        "started": now(),
        "started_at_step": training.step,
    }


def machine_changes(run: Path, found: Checkpoint, training: TrainingState) -> list[str]:
    """Return what else `training` computes on than the `run` did when it saved, in words."""
    try:
        *_, before = sessions(run) or [{}]
    except CheckpointError:
        before = {}  # which is said when the run begins
    now = {
        "processes": distributed.world_size(),
        "threads": torch.get_num_threads(),
        "device": str(next(training.recipe.parameters()).device),
        "PyTorch": str(torch.__version__),
    }
    said = found.description
    past = {
        "processes": said["processes"],
        "threads": said.get("threads", before.get("threads")),
        "device": before.get("device"),
        "PyTorch": said["versions"]["torch"],
    }
    return [
        f"{value} {name} instead of {past[name]}"
        if isinstance(value, int)
        else f"{name} {value} instead of {past[name]}"
        for name, value in now.items()
        if past[name] not in (None, value)
    ]


def fingerprint(prepared: CheckedData) -> dict[str, Any]:
    """Return how many files are trained on, and a digest of their names and sizes.

    Those of the validation images are in it where there are any. Of a file of many images, the
    digest has which of them are used.
    """
    read = (*prepared.layout.files, *prepared.layout.sources)
    listed = [f"{path.name} {path.stat().st_size}" for path in read]
    if isinstance(prepared.layout, Subset):
        listed += map(str, prepared.layout.indices)
    digest = sha256("\n".join(sorted(listed)).encode("utf-8", "surrogateescape")).hexdigest()
    held = {"validation": fingerprint(prepared.validation)} if prepared.validation else {}
    return {"files": len(read), "sha256": digest, **held}


def _git_state() -> str | None:
    command = ["git", "describe", "--always", "--dirty"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
