"""Tables of a report: settings in which runs differ, environment and data, and problems."""

from collections.abc import Mapping, Sequence
from typing import Any

from translate.engine.config import diff, yaml_text
from translate.engine.config.schema import Config
from translate.report.run_data import RunData

MAX_PROBLEMS = 50
"""maximum number of problems that a report shows for each run"""


def config_differences(runs: Sequence[RunData]) -> list[tuple[str, list[str]]]:
    """Return each setting in which runs differ, with its value in each run."""
    configs = [run.history.config for run in runs]
    base = next((config for config in configs if config is not None), None)
    if base is None:
        return []
    base_values: dict[str, Any] = {}
    # by run, values that differ from `base`
    different_values: list[dict[str, Any]] = [{} for _ in configs]
    for config, values in zip(configs, different_values, strict=True):
        if config is None or config is base:
            continue
        for key, (base_value, value) in diff.differences(base, config).items():
            base_values[key], values[key] = base_value, value

    def cell(key: str, config: Config | None, values: Mapping[str, Any]) -> str:
        if config is None:
            return "unknown"
        return yaml_text.one_line(values.get(key, base_values[key]))

    columns = list(zip(configs, different_values, strict=True))
    return [(key, [cell(key, *column) for column in columns]) for key in sorted(base_values)]


def environment_rows(runs: Sequence[RunData]) -> list[tuple[str, list[str]]]:
    """Return rows on the environment (command, versions, device, data), a cell for each run."""
    columns = [
        _describe_session(run.sessions[-1], len(run.sessions)) if run.sessions else {}
        for run in runs
    ]
    keys = dict.fromkeys(key for column in columns for key in column)
    return [(key, [column.get(key, "-") for column in columns]) for key in keys]


def _describe_session(session: Mapping[str, Any], session_count: int) -> dict[str, str]:
    """Return the cells of the newest session of a run, by row heading."""
    command, versions = session.get("command"), session.get("versions")
    data = session.get("data")
    rows: dict[str, Any] = {
        "command": " ".join(map(str, command)) if isinstance(command, list) else command,
        "directory": session.get("directory"),
        "started": session.get("started"),
        "ended": session.get("ended"),
        "outcome": session.get("outcome"),
        "sessions": session_count,
        **(versions if isinstance(versions, Mapping) else {}),
        **{key: session.get(key) for key in ("device", "processes", "threads", "git", "seed")},
    }
    for label in ("images", "validation images"):
        if isinstance(data, Mapping):
            digest = data.get("sha256")
            rows[label] = f"{data.get('files')} files, SHA-256 of names and sizes {digest}"
            data = data.get("validation")
    return {str(key): str(value) for key, value in rows.items() if value not in (None, "")}


def problem_rows(run: RunData) -> tuple[list[tuple[str, ...]], int]:
    """Return a row for each of the newest problems, and the number of older ones."""
    rows = [
        tuple(str(line.get(key, "")) for key in ("path", "stage", "reason", "message"))
        for line in run.problems[-MAX_PROBLEMS:]
    ]
    return rows, len(run.problems) - len(rows)
