"""Read the files of a run folder."""

import json
from pathlib import Path
from typing import Any

import small_runs
from safetensors.torch import load
from torch import Tensor

from translate.engine.disk.records import json_files
from translate.engine.disk.records.problems import Problem


def saved_weights(run: Path) -> dict[str, Tensor]:
    """Return the weights of the newest checkpoint."""
    return load(small_runs.checkpoint_tensors(run)["weights.safetensors"])


def log_lines(run: Path) -> list[dict[str, Any]]:
    """Return the lines of the log, which must be strict JSON."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    lines = (run / "log.jsonl").read_text().splitlines()
    return [json.loads(line, parse_constant=refuse) for line in lines]


def run_record(run: Path) -> Any:
    """Return the content of run.json."""
    return json.loads((run / "run.json").read_bytes())


def listed_problems(run: Path) -> list[dict[str, Any]]:
    """Return the lines of problems.jsonl."""
    return json_files.read_lines(run / "problems.jsonl")


def unreadable_problem(name: str) -> Problem:
    """Return the problem of an empty file."""
    return Problem(Path(name), "check", "unreadable", "is empty")
