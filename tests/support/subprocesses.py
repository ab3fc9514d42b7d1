"""The command as a subprocess: start it, wait for its log, find processes that survive it."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import small_runs

from translate.engine.config import schema, yaml
from translate.engine.disk import json_files


def start_command(*arguments: object, **given: Any) -> subprocess.Popen[str]:
    """Start the command as a user does."""
    return subprocess.Popen(
        [sys.executable, "-m", "translate", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **given,
    )


def start_training(
    config: schema.Config, run: Path, *flags: object, **given: Any
) -> subprocess.Popen[str]:
    """Start a training, or resume `run` where it has a checkpoint."""
    file = run.with_suffix(".yaml")
    file.write_text(yaml.dump(config))
    begun = (
        ["--resume", run] if small_runs.checkpoint_steps(run) else ["--config", file, "--out", run]
    )
    return start_command("train", *begun, *flags, **given)


def wait_for_lines(path: Path, count: int, process: subprocess.Popen[str]) -> None:
    """Wait until the log at `path` has `count` lines."""
    deadline = time.monotonic() + 120
    while len(json_files.read_lines(path)) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)


def surviving_processes(process: subprocess.Popen[str], seconds: float = 5) -> list[str]:
    """Return the processes of its session that still run `seconds` after `process` ended."""
    deadline = time.monotonic() + seconds
    while (found := _session_processes(process.pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def _session_processes(number: int) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session, *_ = path.read_text().rpartition(") ")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(session) == number and state != "Z":
            found.append(path.parent.name)
    return found
