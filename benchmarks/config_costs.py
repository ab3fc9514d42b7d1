"""The costs of a configuration: seconds of steps, previews and checkpoints, by an event plugin."""

import json
import os
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from translate.engine.plugins.configs import configs

ROOT = Path(__file__).parents[1]
PLUGIN = """\
import json, os, time
from translate import hookimpl

def record(event, step=0):
    with open(os.environ["CONFIG_TIMES"], "a") as file:
        print(json.dumps([event, step, time.time()]), file=file)

@hookimpl
def losses_logged(run, step, losses):
    record("logged", step)

@hookimpl
def preview_drawn(run, step, path):
    record("preview", step)

@hookimpl
def checkpoint_saved(run, step, path):
    record("checkpoint", step)
"""


class Costs(NamedTuple):
    """The parts of the time of a run, in seconds."""

    step: float
    preview: float
    checkpoint: float
    process: float
    """time from the start of the process to its first checkpoint, and from the last to its end"""


def count_events(steps: int, every: int) -> int:
    """Return how often an event occurs that follows every `every` steps and the last one."""
    return -(-steps // every) if every else 0


def measure_costs(name: str, interval: int, intervals: int, extra_flags: Sequence[str]) -> Costs:
    """Train a few intervals of a configuration, and return the time of each part."""
    steps = interval * (intervals + 1)
    flags = ["--steps", str(steps), *extra_flags]
    for key in ("log_every", "preview_every", "save_every"):
        flags += ["--set", f"train.{key}={interval}"]
    events, start, end = timed_run(name, flags)
    return costs_of(events, start, end, interval)


def costs_of(
    events: Sequence[tuple[str, int, float]], start: float, end: float, interval: int
) -> Costs:
    """Return the medians of the times between `events`, without the first interval.

    An event has a name, a step and a time; after a step come its log line, preview and checkpoint.
    """
    steps, previews, checkpoints = [], [], []
    for (_, _, before), (event, step, now) in pairwise(events):
        if event == "logged" and step > interval:
            steps.append((now - before) / interval)
        elif event == "preview":
            previews.append(now - before)
        elif event == "checkpoint" and step:
            checkpoints.append(now - before)
    process = (events[0][2] - start) + (end - events[-1][2])
    medians = (statistics.median(values) if values else 0.0 for values in (previews, checkpoints))
    return Costs(statistics.median(steps), *medians, process)


def timed_run(name: str, flags: Sequence[str]) -> tuple[list[tuple[str, int, float]], float, float]:
    """Train with an event plugin; return its events, and the start and end of the process."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        install_plugin(root)
        events = root / "events.jsonl"
        path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
        command = [sys.executable, "-m", "translate", *train_command(name), *flags]
        command += ["--out", str(root / "run"), "--device", "cpu", "--quiet"]
        start = time.time()
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path, "CONFIG_TIMES": str(events)},
            capture_output=True,
            text=True,
            check=False,
        )
        end = time.time()
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}\nexit code {done.returncode}\n{done.stderr}")
        lines = [json.loads(line) for line in events.read_text().splitlines()]
    return [(event, step, seconds) for event, step, seconds in lines], start, end


def install_plugin(root: Path) -> None:
    """Install the event plugin into `root`, a folder for the Python path."""
    (root / "config_times_plugin.py").write_text(PLUGIN)
    distribution = root / "config_times_plugin-1.dist-info"
    distribution.mkdir()
    (distribution / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: config-times-plugin\nVersion: 1\n"
    )
    (distribution / "entry_points.txt").write_text("[translate]\ntimes = config_times_plugin\n")


def train_command(name: str) -> list[str]:
    """Return the arguments of the first `translate train` in the header of a configuration."""
    text = configs()[name].read_text(encoding="utf-8")
    command = re.search(
        rf"^#\s+translate (train --config {re.escape(name)}.*)$", text, re.MULTILINE
    )
    if not command:
        raise SystemExit(f"{name}: no `translate train --config {name}` in its header")
    return shlex.split(command[1], comments=True)
