"""Tables of a report: settings that differ, environment, data, problems."""

from collections.abc import Mapping, Sequence
from typing import Any

from translate.engine.config import diff, yaml
from translate.report.run_data import RunData

MAX_PROBLEMS = 50
"""largest number of problems of a run that are shown"""


def config_differences(runs: Sequence[RunData]) -> list[tuple[str, list[str]]]:
    """Return each setting in which runs differ, with its value in each run."""
    configs = [run.history.config for run in runs]
    readable = [config for config in configs if config is not None]
    if len(readable) < 2:
        return []
    changes: dict[str, dict[int, Any]] = {}
    first = configs.index(readable[0])
    base: dict[str, Any] = {}
    for index, config in enumerate(configs):
        if config is None or index == first:
            continue
        for key, (value, other_value) in diff.differences(readable[0], config).items():
            base[key] = value
            changes.setdefault(key, {})[index] = other_value
    return [
        (
            key,
            [
                "unknown" if config is None else yaml.flow(changes[key].get(index, base[key]))
                for index, config in enumerate(configs)
            ],
        )
        for key in sorted(changes)
    ]


def environment(runs: Sequence[RunData]) -> list[tuple[str, list[str]]]:
    """Return the environment of each run: command, versions, device and data, a row for each."""
    columns = [_facts(run.sessions[-1], len(run.sessions)) if run.sessions else {} for run in runs]
    keys = dict.fromkeys(key for column in columns for key in column)
    return [(key, [column.get(key, "-") for column in columns]) for key in keys]


def _facts(session: Mapping[str, Any], sessions: int) -> dict[str, str]:
    command, versions = session.get("command"), session.get("versions")
    data = session.get("data")
    rows: dict[str, Any] = {
        "command": " ".join(map(str, command)) if isinstance(command, list) else command,
        "directory": session.get("directory"),
        "started": session.get("started"),
        "ended": session.get("ended"),
        "outcome": session.get("outcome"),
        "sessions": sessions,
        **(versions if isinstance(versions, Mapping) else {}),
        **{key: session.get(key) for key in ("device", "processes", "threads", "git", "seed")},
    }
    while isinstance(data, Mapping):
        label = "validation images" if "validation images" in rows or "images" in rows else "images"
        rows[label] = f"{data.get('files')} files, SHA-256 of names and sizes {data.get('sha256')}"
        data = data.get("validation") if label == "images" else None
    return {str(key): str(value) for key, value in rows.items() if value not in (None, "")}


def problems(run: RunData) -> tuple[list[tuple[str, ...]], int]:
    """Return the cells of the newest problems, and how many more there are."""
    rows = [
        tuple(str(line.get(key, "")) for key in ("path", "stage", "reason", "message"))
        for line in run.problems[-MAX_PROBLEMS:]
    ]
    return rows, len(run.problems) - len(rows)
