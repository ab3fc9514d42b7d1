"""Read from a run folder what a report shows; the run may still be in training."""

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
    """The contents of a run folder, as far as they can be read; `missing` lists the others."""

    name: str
    path: Path
    history: History
    examination: Examination
    previews: Sequence[tuple[int, Path]]
    """Step and file of each preview, the oldest first."""
    evaluation: EvaluationResult | None
    sessions: Sequence[dict[str, Any]]
    """The entries of ``run.json`` for each session, the newest last."""
    problems: Sequence[dict[str, Any]]
    """Lines of ``problems.jsonl``."""
    missing: Sequence[str]


def read_runs(paths: Sequence[Path]) -> list[RunData]:
    """Return the runs, each once; raises `CheckpointError` for a path that is no run folder."""
    unique = list({path.resolve(): path for path in paths}.values())
    names = [path.resolve().name for path in unique]
    return [
        read_run(path, name if names.count(name) == 1 else str(path))
        for path, name in zip(unique, names, strict=True)
    ]


def read_run(path: Path, name: str) -> RunData:
    """Return the run at `path` under a `name`."""
    history, missing = read_history(path), list[str]()
    previews = sheets.sheets(path)[::-1]
    if not previews:
        missing.append("previews: there is none; --set train.preview_every=N draws them")
    if not history.log.records:
        missing.append("curves: log.jsonl has no usable line")
    evaluation = None
    try:
        if os.path.lexists(path / result.FILE):
            evaluation = result.read(path / result.FILE)
        else:
            missing.append(f"evaluation: `translate evaluate {path}` writes {result.FILE}")
    except CheckpointError as error:
        missing.append(f"evaluation: {error}")
    facts, problems = list[dict[str, Any]](), list[dict[str, Any]]()
    try:
        facts = read_sessions(path)
    except CheckpointError as error:
        missing.append(f"environment: {error}")
    try:
        problems = json_files.read_lines(path / "problems.jsonl")
    except CheckpointError as error:
        missing.append(f"problems: {error}")
    examination = examine_history(history)
    return RunData(name, path, history, examination, previews, evaluation, facts, problems, missing)
