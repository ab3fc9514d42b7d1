"""Subprocesses: `translate` and shell scripts, waiting for a log, surviving processes."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import small_runs

from translate.engine.config import schema, yaml_text
from translate.engine.disk.records import json_files


def start_command(*arguments: object, **options: Any) -> subprocess.Popen[str]:
    """Start `translate` in a new process."""
    return subprocess.Popen(
        [sys.executable, "-m", "translate", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def run_python(code: str, *arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run Python code in a new process, which must succeed; `options` are those of `subprocess`."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return done


def run_shell(script: str, folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """Run a bash script in `folder`, and return its output; each of its commands must succeed."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def start_training(
    config: schema.Config, run: Path, *flags: object, **options: Any
) -> subprocess.Popen[str]:
    """Start a training, or resume `run` if it has a checkpoint."""
    file = run.with_suffix(".yaml")
    file.write_text(yaml_text.dump(config))
    has_checkpoint = small_runs.checkpoint_steps(run)
    start = ["--resume", run] if has_checkpoint else ["--config", file, "--out", run]
    return start_command("train", *start, *flags, **options)


def wait_for_lines(path: Path, count: int, process: subprocess.Popen[str]) -> None:
    """Wait until the log at `path` has `count` lines."""
    deadline = time.monotonic() + 120
    while len(json_files.read_lines(path)) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)


def surviving_processes(process: subprocess.Popen[str], seconds: float = 5) -> list[str]:
    """Return the processes in the session of `process` that still run `seconds` after its end."""
    deadline = time.monotonic() + seconds
    while (processes := _session_processes(process.pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return processes


def _session_processes(number: int) -> list[str]:
    processes = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session, *_ = path.read_text().rpartition(") ")[2].split()
        except OSError:
            continue  # the process has ended
        if int(session) == number and state != "Z":
            processes.append(path.parent.name)
    return processes


def ray_actors(parent: int) -> list[int]:
    """Return the ids of processes below `parent` that are actors of Ray and translate."""
    actors, parents = [], {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat, line = (folder / "stat").read_text(), (folder / "cmdline").read_bytes()
        except OSError:
            continue
        parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
        if b"Translate" in line:
            actors.append(int(folder.name))

    def is_below(pid: int) -> bool:
        return pid == parent or (pid in parents and is_below(parents[pid]))

    return [pid for pid in actors if is_below(pid)]
