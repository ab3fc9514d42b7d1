"""Wall time of the small configurations, on the machine that runs this.

python benchmarks/config_times.py [NAME ...] [--full NAME ...] [--write] [--json FILE]

Without NAME, all configurations that end in `-small` or `-mnist`. Each is trained for a few log
intervals by the command of its own header, with a checkpoint and a preview after each interval. An
event plugin, installed for that process alone, records when each log line, preview and checkpoint
was written; the first interval is the warm-up. From the medians:

  time = start and end of the process + steps * seconds a step + previews + checkpoints

each at the intervals of the configuration. Where a recipe begins with `warm_up` steps of another
kind, both kinds are measured. `--full NAME` measures a whole run instead, which takes as long as it
says. Sample domains are generated first and not counted.

`--write` stores the results in benchmarks/config_times.json, next to those of configurations that
were not measured now, and writes the table of configs/README.md from them. Run it alone on an idle
machine: it refuses to write where the load average is above 0.5 at its start.
"""

import argparse
import json
import os
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import tables

from translate.engine.config import layers

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/config_times.json"
README = ROOT / "configs/README.md"
BEGIN, END = "<!-- times: begin -->", "<!-- times: end -->"
IDLE = 0.5
"""load average of an idle machine, at most"""
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
    """What a configuration spends its time on, in seconds."""

    step: float
    preview: float
    checkpoint: float
    process: float
    """start of the process to the first checkpoint, and from the last one to its end"""


class Result(NamedTuple):
    """A measured configuration."""

    steps: int
    seconds: float
    full: bool
    """whether the whole run was measured"""
    costs: Mapping[str, float]
    """those of the second half, if the recipe warms up; empty for a whole run"""
    machine: Mapping[str, Any]


def main() -> None:
    """Measure, print a row for each configuration, and write the table if asked to."""
    args = arguments()
    stored = read_results()
    if args.table_only:
        write_results(stored)
        return
    load = os.getloadavg()[0]
    if args.write and load > IDLE and not args.accept_load:
        raise SystemExit(
            f"the load average is {load:.2f}: expected at most {IDLE}, an idle machine. Wait for "
            "it, or measure without --write."
        )
    names = list(dict.fromkeys([*args.names, *args.full])) or small_configurations()
    results: dict[str, Result] = {}
    for name in names:
        draw_sample_domains(name)
        measure = measure_whole if name in args.full else measure_part
        measured = measure(name, args)
        results[name] = measured._replace(machine={**tables.machine(), "load": round(load, 2)})
        print(f"{name}: {duration(measured.seconds)}", file=sys.stderr, flush=True)
        if args.write:
            write_results({**stored, **results})
    rows = [row(name, result) for name, result in results.items()]
    note = f"load average at the start: {load:.2f}; medians of {args.intervals} log intervals"
    tables.report(rows, note, args.json, results={n: r._asdict() for n, r in results.items()})


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all small ones")
    parser.add_argument("--full", nargs="+", default=[], metavar="NAME", help="measure whole runs")
    parser.add_argument(
        "--interval", type=int, help="steps between log lines; default 1/200 of all, at least 25"
    )
    parser.add_argument("--intervals", type=int, default=8, help="after the one that is a warm-up")
    parser.add_argument("--write", action="store_true", help="write the table of configs/README.md")
    parser.add_argument(
        "--table-only", action="store_true", help="write the table from what is stored, and stop"
    )
    parser.add_argument(
        "--accept-load", action="store_true", help="write it although the machine is not idle"
    )
    parser.add_argument("--json", type=Path, help="write every measurement to this file")
    return parser.parse_args()


def small_configurations() -> list[str]:
    """Return the names of the configurations made for a CPU."""
    names = (path.stem for path in (ROOT / "configs").glob("*.yaml"))
    return sorted(name for name in names if name.endswith(("-small", "-mnist")))


def train_command(name: str) -> list[str]:
    """Return the arguments of the first `translate train` in the header of a configuration."""
    text = (ROOT / f"configs/{name}.yaml").read_text()
    found = re.search(rf"^#\s+translate (train --config {re.escape(name)}.*)$", text, re.MULTILINE)
    if not found:
        raise SystemExit(f"configs/{name}.yaml: no `translate train --config {name}` in its header")
    return shlex.split(found[1], comments=True)


def draw_sample_domains(name: str) -> None:
    """Draw the sample domains of a configuration, if it has any, so that no run has to."""
    if "--data" in train_command(name):
        return
    domains = layers.resolve(None, config=name).data.domains
    translate = [sys.executable, "-m", "translate", "datasets", "draw"]
    subprocess.run([*translate, *domains, "--quiet"], cwd=ROOT, check=True)


def measure_part(name: str, args: argparse.Namespace) -> Result:
    """Measure a few intervals of a configuration, and return the time of all its steps."""
    settings = layers.resolve(None, config=name)
    steps = settings.train.steps or 0
    warm_up = min(int(settings.options.get("pretrain_steps", 0)), steps)
    interval = args.interval or max(25, steps // 200)
    costs = measured_costs(name, interval, args.intervals, [])
    step_seconds = steps * costs.step
    if 0 < warm_up < steps:
        first, costs = (
            costs,
            measured_costs(name, interval, args.intervals, ["--set", "options.pretrain_steps=0"]),
        )
        step_seconds = warm_up * first.step + (steps - warm_up) * costs.step
    seconds = (
        costs.process
        + step_seconds
        + times_due(steps, settings.train.preview_every) * costs.preview
        + times_due(steps, settings.train.save_every) * costs.checkpoint
    )
    return Result(steps, seconds, False, costs._asdict(), {})


def times_due(steps: int, every: int) -> int:
    """Return how often something is done that is due every so many steps, and after the last."""
    return -(-steps // every) if every else 0


def measured_costs(name: str, interval: int, intervals: int, extra: Sequence[str]) -> Costs:
    """Train a few intervals of a configuration, and return what each part took."""
    steps = interval * (intervals + 1)
    changed = ["--steps", str(steps), *extra]
    for key in ("log_every", "preview_every", "save_every"):
        changed += ["--set", f"train.{key}={interval}"]
    events, begin, end = timed_run(name, changed)
    return costs_of(events, begin, end, interval)


def costs_of(
    events: Sequence[tuple[str, int, float]], begin: float, end: float, interval: int
) -> Costs:
    """Return the medians of what happened between `events`, without the first interval.

    An event has a name, a step and a time; after a step come its log line, preview and checkpoint.
    """
    steps, previews, checkpoints = [], [], []
    for (_, _, before), (event, step, at) in pairwise(events):
        if event == "logged" and step > interval:
            steps.append((at - before) / interval)
        elif event == "preview":
            previews.append(at - before)
        elif event == "checkpoint" and step:
            checkpoints.append(at - before)
    process = (events[0][2] - begin) + (end - events[-1][2])
    found = (statistics.median(values) if values else 0.0 for values in (previews, checkpoints))
    return Costs(statistics.median(steps), *found, process)


def measure_whole(name: str, _: argparse.Namespace) -> Result:
    """Train a configuration to its end."""
    _, begin, end = timed_run(name, [])
    steps = layers.resolve(None, config=name).train.steps or 0
    return Result(steps, end - begin, True, {}, {})


def timed_run(name: str, extra: Sequence[str]) -> tuple[list[tuple[str, int, float]], float, float]:
    """Train with an event plugin; return its events, and when the process began and ended."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        install_plugin(root)
        events = root / "events.jsonl"
        path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
        command = [sys.executable, "-m", "translate", *train_command(name), *extra]
        command += ["--out", str(root / "run"), "--device", "cpu", "--quiet"]
        begin = time.time()
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
    return [(event, step, at) for event, step, at in lines], begin, end


def install_plugin(root: Path) -> None:
    """Make `root` a folder of installed packages that holds the event plugin."""
    (root / "config_times_plugin.py").write_text(PLUGIN)
    distribution = root / "config_times_plugin-1.dist-info"
    distribution.mkdir()
    (distribution / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: config-times-plugin\nVersion: 1\n"
    )
    (distribution / "entry_points.txt").write_text("[translate]\ntimes = config_times_plugin\n")


# -- the table -------------------------------------------------------------------------------------


def read_results() -> dict[str, Result]:
    """Return what was measured before, by configuration."""
    if not RESULTS.exists():
        return {}
    return {name: Result(**fields) for name, fields in json.loads(RESULTS.read_text()).items()}


def write_results(results: Mapping[str, Result]) -> None:
    """Store `results`, and write the table of configs/README.md from them."""
    document = {name: results[name]._asdict() for name in sorted(results)}
    RESULTS.write_text(json.dumps(document, indent=1) + "\n")
    README.write_text(with_table(README.read_text(), results))


def with_table(text: str, results: Mapping[str, Result]) -> str:
    """Return a page with the table between its two markers."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{README}: expected the markers {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{table(results)}\n{END}{after}"


def table(results: Mapping[str, Result]) -> str:
    """Return a row for each small configuration, measured or not, and one of the machine."""
    rows = []
    for name in small_configurations():
        found = results.get(name)
        rows.append(row(name, found) if found else {**empty_row(name), "time": "not measured"})
    machines = {
        f"{one.machine['cores']} CPU cores, {one.machine['threads']} threads, torch "
        f"{one.machine['torch']}, load average {one.machine['load']} at the start"
        for one in results.values()
    }
    note = f"\n\nMeasured on: {'; '.join(sorted(machines))}." if machines else ""
    return tables.table(rows) + note


def empty_row(name: str) -> dict[str, Any]:
    """Return the columns of a configuration that was not measured."""
    steps = layers.resolve(None, config=name).train.steps or 0
    return {"configuration": f"`{name}`", "steps": steps, "time": "", "measured": ""}


def row(name: str, result: Result) -> dict[str, Any]:
    """Return one line of the table."""
    measured = "the whole run" if result.full else "some steps, extrapolated"
    values = {"time": duration(result.seconds), "measured": measured, "steps": result.steps}
    return {**empty_row(name), **values}


def duration(seconds: float) -> str:
    """Return minutes and seconds, to five seconds: ``4 min 35 s``."""
    minutes, rest = divmod(5 * round(seconds / 5), 60)
    return f"{minutes} min {rest:02d} s"


if __name__ == "__main__":
    main()
