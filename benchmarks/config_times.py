"""Wall time of the small configurations, on the machine that runs this.

python benchmarks/config_times.py [NAME ...] [--full NAME ...] [--write] [--json FILE]

Without NAME, all configurations that end in `-small` or `-mnist`. Each is trained for a few log
intervals by the command of its own header, with a checkpoint and a preview after each interval. An
event plugin, installed for that process alone, records when each log line, preview and checkpoint
was written; the first interval is the warm-up. From the medians:

  time = start and end of the process + steps * seconds a step + previews + checkpoints

each at the intervals of the configuration. Where a recipe begins with `pretrain_steps` of
another kind, both kinds are measured. `--full NAME` measures a whole run instead. Sample domains
are generated first and not counted.

`--write` stores the results in benchmarks/config_times.json, next to those of configurations that
were not measured now, and writes the table of configs/README.md from them. Run it alone on an idle
machine: it refuses to write where the load average is above 0.5 at its start.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

import config_costs
import tables
from config_costs import ROOT, count_events, timed_run, train_command

from translate.engine.config import layers

RESULTS = ROOT / "benchmarks/config_times.json"
README = ROOT / "configs/README.md"
BEGIN, END = "<!-- times: begin -->", "<!-- times: end -->"
IDLE = 0.5
"""load average of an idle machine, at most"""


class Result(NamedTuple):
    """A measured configuration."""

    steps: int
    seconds: float
    full: bool
    """whether the whole run was measured"""
    costs: Mapping[str, float]
    """costs after the warm-up steps of the recipe, if it has any; empty for a whole run"""
    machine: Mapping[str, Any]


def main() -> None:
    """Measure, print a row for each configuration, and write the table if requested."""
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
        result = measure(name, args)
        results[name] = result._replace(machine={**tables.machine(), "load": round(load, 2)})
        print(f"{name}: {duration(result.seconds)}", file=sys.stderr, flush=True)
        if args.write:
            write_results({**stored, **results})
    rows = [row(name, result) for name, result in results.items()]
    note = f"load average at the start: {load:.2f}; medians of {args.intervals} log intervals"
    tables.report(rows, note, args.json, results={n: r._asdict() for n, r in results.items()})


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = tables.parser_with_json(__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="configurations [all small ones]")
    parser.add_argument("--full", nargs="+", default=[], metavar="NAME", help="measure whole runs")
    parser.add_argument(
        "--interval", type=int, help="steps between log lines; default 1/200 of all, at least 25"
    )
    parser.add_argument("--intervals", type=int, default=8, help="log intervals after the warm-up")
    parser.add_argument("--write", action="store_true", help="write the table of configs/README.md")
    parser.add_argument(
        "--table-only", action="store_true", help="write the table from what is stored, and stop"
    )
    parser.add_argument(
        "--accept-load", action="store_true", help="write it although the machine is not idle"
    )
    return parser.parse_args()


def small_configurations() -> list[str]:
    """Return the names of the configurations made for a CPU."""
    names = (path.stem for path in (ROOT / "configs").glob("*.yaml"))
    return sorted(name for name in names if name.endswith(("-small", "-mnist")))


def draw_sample_domains(name: str) -> None:
    """Generate the sample domains of a configuration, if it has any, before it is timed."""
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
    costs = config_costs.measure_costs(name, interval, args.intervals, [])
    step_seconds = steps * costs.step
    if 0 < warm_up < steps:
        warm_up_step, flags = costs.step, ["--set", "options.pretrain_steps=0"]
        costs = config_costs.measure_costs(name, interval, args.intervals, flags)
        step_seconds = warm_up * warm_up_step + (steps - warm_up) * costs.step
    seconds = (
        costs.process
        + step_seconds
        + count_events(steps, settings.train.preview_every) * costs.preview
        + count_events(steps, settings.train.save_every) * costs.checkpoint
    )
    return Result(steps, seconds, False, costs._asdict(), {})


def measure_whole(name: str, _: argparse.Namespace) -> Result:
    """Train a configuration to its end."""
    _, start, end = timed_run(name, [])
    steps = layers.resolve(None, config=name).train.steps or 0
    return Result(steps, end - start, True, {}, {})


# -- the table -------------------------------------------------------------------------------------


def read_results() -> dict[str, Result]:
    """Return the stored measurements by configuration."""
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
    """Return a row for each small configuration, measured or not, and a note on the machine."""
    rows = []
    for name in small_configurations():
        result = results.get(name)
        rows.append(row(name, result) if result else {**empty_row(name), "time": "not measured"})
    machines = {
        f"{result.machine['cores']} CPU cores, {result.machine['threads']} threads, torch "
        f"{result.machine['torch']}, load average {result.machine['load']} at the start"
        for result in results.values()
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
