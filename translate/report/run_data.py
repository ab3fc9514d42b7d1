"""Read the contents of run folders that a report shows; runs may still be in training."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from translate.engine.diagnosis import sheets
from translate.engine.disk.records import json_files
from translate.engine.runs.run_record import read_sessions
from translate.errors import CheckpointError
from translate.evaluate import result
from translate.evaluate.result import EvaluationResult
from translate.insight.doctor import Examination, examine_history
from translate.insight.history import History, read_history


@dataclass(frozen=True)
class RunData:
    """The contents of a run folder that can be read."""

    name: str
    path: Path
    history: History
    examination: Examination
    previews: Sequence[tuple[int, Path]]
    """step and file of each preview, the oldest first"""
    evaluation: EvaluationResult | None
    sessions: Sequence[dict[str, Any]]
    """entries of ``run.json`` for each session (start or resume of training), the newest last"""
    problems: Sequence[dict[str, Any]]
    """lines of ``problems.jsonl``"""
    omissions: Sequence[str]
    """a line for each content that the folder does not have, or that cannot be read"""


def read_runs(paths: Sequence[Path]) -> list[RunData]:
    """Return the contents of each distinct run; raise `CheckpointError` if a path is no run."""
    unique_paths = list({path.resolve(): path for path in paths}.values())
    names = [path.resolve().name for path in unique_paths]
    return [
        read_run(path, name if names.count(name) == 1 else str(path))
        for path, name in zip(unique_paths, names, strict=True)
    ]


def read_run(path: Path, name: str) -> RunData:
    """Return the contents of the run at `path`, which the report calls `name`."""
    history, omissions = read_history(path), list[str]()
    previews = sheets.list_sheets(path)[::-1]
    if not previews:
        omissions.append("previews: there is none; --set train.preview_every=N makes them")
    if not history.log.records:
        omissions.append("curves: log.jsonl has no usable line")
    evaluation = None
    try:
        if os.path.lexists(path / result.FILE):
            evaluation = result.read(path / result.FILE)
        else:
            omissions.append(f"evaluation: `translate evaluate {path}` writes {result.FILE}")
    except CheckpointError as error:
        omissions.append(f"evaluation: {error}")
    sessions, problems = list[dict[str, Any]](), list[dict[str, Any]]()
    try:
        sessions = read_sessions(path)
    except CheckpointError as error:
        omissions.append(f"environment: {error}")
    try:
        problems = json_files.read_lines(path / "problems.jsonl")
    except CheckpointError as error:
        omissions.append(f"problems: {error}")
    return RunData(
        name=name,
        path=path,
        history=history,
        examination=examine_history(history),
        previews=previews,
        evaluation=evaluation,
        sessions=sessions,
        problems=problems,
        omissions=omissions,
    )
