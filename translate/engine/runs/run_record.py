"""``run.json``: the command, versions, machine and data of each session of a run.

A session is one `translate train` process; a resumed run has several.
"""

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


class DataFingerprint(json_files.Record):
    """The number of files of a data set, and the digest of their names and sizes."""

    files: int
    sha256: str
    validation: "DataFingerprint | None" = None


class RunRecord(json_files.Record):
    """The content of ``run.json``; entries without a type here are kept as they are."""

    threads: int | None = None
    device: str | None = None
    directory: str | None = None
    memory_limit_mb: int | None = None
    data: DataFingerprint | None = None
    earlier: list[dict[str, Any]] = []
    """entries of earlier sessions"""


def read_sessions(run: Path) -> list[dict[str, Any]]:
    """Return the entries of each session in ``run.json``, in order of time; [] without the file.

    Raises `CheckpointError` if it is damaged.
    """
    path = run / "run.json"
    if not os.path.lexists(path):
        return []
    session = json_files.read_record(path, RunRecord).model_dump(exclude_unset=True)
    return [*session.pop("earlier", []), session]


def read_last_session(run: Path) -> dict[str, Any]:
    """Return the entries of the latest session in ``run.json``; {} without the file.

    Raises `CheckpointError` if it is damaged.
    """
    return (read_sessions(run) or [{}])[-1]


def working_directory_of(run: Path) -> str:
    """Return the directory that a run's relative paths refer to; empty if it is not known."""
    try:
        return str(read_last_session(run).get("directory") or "")
    except CheckpointError:
        return ""  # `RunWriter.begin` logs this error


def describe_session(training: TrainingState, data: CheckedData) -> dict[str, Any]:
    """Return the entries of the session that starts now, except `directory` and `earlier`.

    `RunWriter.begin` adds these.
    """
    return {
        "command": [_program(), *sys.argv[1:]],
        "versions": {
            "translate-kit": __version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
        "device": str(training.device),
        "memory_limit_mb": memory_limit_mb(training.device),
        "threads": torch.get_num_threads(),
        "processes": read_launch().world_size,
        "git": _git_state(),
        "data": fingerprint(data),
        "seed": training.config.train.seed,
        "started": timestamp(),
        "started_at_step": training.step,
    }


def _program() -> str:
    """Return the name of the program, also under ``python -m`` with the path of ``__main__.py``."""
    path = Path(sys.argv[0])
    return path.parent.name if path.name == "__main__.py" else path.name


def machine_changes(run: Path, checkpoint: Checkpoint, training: TrainingState) -> list[str]:
    """Return a line for each change of processes, threads, device and PyTorch between sessions."""
    try:
        last_session = read_last_session(run)
    except CheckpointError:
        last_session = {}  # `RunWriter.begin` logs this error
    current = {
        "processes": distributed.world_size(),
        "threads": torch.get_num_threads(),
        "device": str(training.device),
        "PyTorch": str(torch.__version__),
    }
    description = checkpoint.description
    previous = {
        "processes": description["processes"],
        "threads": description.get("threads", last_session.get("threads")),
        "device": last_session.get("device"),
        "PyTorch": description["versions"]["torch"],
    }
    return [
        f"{value} {name} instead of {previous[name]}"
        if isinstance(value, int)
        else f"{name} {value} instead of {previous[name]}"
        for name, value in current.items()
        if previous[name] not in (None, value)
    ]


def fingerprint(data: CheckedData) -> dict[str, Any]:
    """Return the entries of a `DataFingerprint` of the training files, and of validation files.

    If some items of a layout are held out, the digest includes the indices of the other items.
    """
    paths = (*data.layout.files, *data.layout.sources)
    lines = [f"{path.name} {file_size(path)}" for path in paths]
    if isinstance(data.layout, Subset):
        lines += map(str, data.layout.indices)
    digest = sha256("\n".join(sorted(lines)).encode("utf-8", "surrogateescape")).hexdigest()
    validation = {"validation": fingerprint(data.validation)} if data.validation else {}
    return {"files": len(paths), "sha256": digest, **validation}


def _git_state() -> str | None:
    command = ["git", "describe", "--always", "--dirty"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return result.stdout.strip() or None


def timestamp() -> str:
    """Return the current time in UTC, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")
