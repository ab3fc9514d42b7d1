"""Images per second of a training run by thread setting, idle and next to busy processes.

python benchmarks/threads.py [--config cyclegan-small] [--steps 60] [--rounds 3] [--busy 0 1 2]
                             [--setting "NAME: VAR=VALUE ..."] [--only NAME ...] [--json FILE]

Each measurement is a whole `translate train` of `--steps` steps with previews off; the rate is that
of its `log.jsonl` without the first `--warm-up` steps. The variables of OpenMP and MKL are removed
from the environment before those of a setting are added, so `program` is the program's own default.
Settings take turns within a round, in an order that rotates from round to round: first idle, then
next to 1 and 2 processes that count in a loop, which this script starts and stops. The program
reads the load of the machine every 20 s: give runs enough `--steps` to last longer. Run it on an
idle machine: the table states the load average before the first run. `--limit` bounds a single run;
the defaults make 54 runs.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import tables

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
VARIABLES = (
    "OMP_NUM_THREADS",
    "OMP_WAIT_POLICY",
    "OMP_DYNAMIC",
    "OMP_PROC_BIND",
    "GOMP_SPINCOUNT",
    "GOMP_CPU_AFFINITY",
    "KMP_BLOCKTIME",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
)
SETTINGS: dict[str, dict[str, str]] = {
    "program": {},
    "1 thread": {"OMP_NUM_THREADS": "1"},
    "all cores": {"OMP_NUM_THREADS": str(CORES)},
    "passive": {"OMP_NUM_THREADS": str(CORES), "OMP_WAIT_POLICY": "PASSIVE"},
    "spin 100": {"OMP_NUM_THREADS": str(CORES), "GOMP_SPINCOUNT": "100"},
    "spin 10000": {"OMP_NUM_THREADS": str(CORES), "GOMP_SPINCOUNT": "10000"},
}
BUSY_CORES = "import os\nparent = os.getppid()\nwhile os.getppid() == parent: sum(range(100_000))"
"""a process that counts until the process that started it has ended"""


class Measurement(NamedTuple):
    """One training run."""

    setting: str
    busy: int
    images_per_second: float
    """mean rate after the warm-up"""
    intervals: Sequence[float]
    """images per second of each log interval, the warm-up first"""
    steps: int
    seconds: float
    """wall time of the whole process"""


def main() -> None:
    """Measure in rounds, and print a row for each setting."""
    args = arguments()
    settings = selected_settings(args.setting, args.only)
    load = [round(value, 2) for value in os.getloadavg()]
    results: list[Measurement] = []
    for round_number in range(args.rounds):
        for busy in args.busy:
            for name in tables.rotate(list(settings), round_number):
                with busy_processes(busy):
                    results.append(measure(name, settings[name], busy, args))
                print(
                    f"round {round_number + 1} of {args.rounds}, {busy} busy, {name}: "
                    f"{results[-1].images_per_second:.3f} images/s",
                    file=sys.stderr,
                    flush=True,
                )
    rows = table_rows(results, list(settings), args.busy)
    note = (
        f"`{args.config}`, {args.steps} steps, the first {args.warm_up} not counted: images/s, "
        f"median (quartiles) of {args.rounds} interleaved rounds, and the fraction of the best "
        f"median of its column. Load average before the first run: {load}. Variables: "
        + "; ".join(f"{name}: {_assignments(values)}" for name, values in settings.items())
        + "."
    )
    tables.report(rows, note, args.json, measurements=[result._asdict() for result in results])


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = tables.parser_with_json(__doc__)
    parser.add_argument("--config", default="cyclegan-small", help="the training configuration")
    parser.add_argument("--data", help="root of the domains [datasets]")
    parser.add_argument("--steps", type=int, default=60, help="steps of each run")
    parser.add_argument("--warm-up", type=int, default=10, help="steps that are not counted")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--busy", type=int, nargs="+", default=[0, 1, 2], help="numbers of busy processes"
    )
    parser.add_argument(
        "--setting", action="append", default=[], help='another one: "NAME: VAR=VALUE VAR=VALUE"'
    )
    parser.add_argument("--only", nargs="+", help="measure only these settings")
    parser.add_argument("--limit", type=int, default=120, help="seconds after which a run stops")
    args = parser.parse_args()
    if not 0 < args.warm_up < args.steps:
        parser.error(f"--warm-up {args.warm_up}: expected 1 to {args.steps - 1}, fewer than steps")
    return args


def selected_settings(
    added_settings: Sequence[str], only: Sequence[str] | None
) -> dict[str, dict[str, str]]:
    """Return the settings to measure: ours and `added_settings` ones, restricted to `only`."""
    settings = dict(SETTINGS)
    for text in added_settings:
        name, colon, values = text.partition(":")
        pairs = [value.partition("=") for value in values.split()]
        if not colon or not all(equals for _, equals, _ in pairs):
            raise SystemExit(f"--setting {text!r}: expected 'NAME: VAR=VALUE VAR=VALUE'")
        settings[name.strip()] = {variable: value for variable, _, value in pairs}
    if unknown := set(only or ()) - set(settings):
        raise SystemExit(f"--only {sorted(unknown)}: expected some of {', '.join(settings)}")
    return {name: settings[name] for name in (only or settings)}


def environment(values: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with exactly the thread variables of `values`."""
    others = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    return {**others, **values}


@contextmanager
def busy_processes(count: int) -> Iterator[list[subprocess.Popen]]:
    """Keep `count` processes busy, and stop them at the end."""
    processes = [subprocess.Popen([sys.executable, "-c", BUSY_CORES]) for _ in range(count)]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def measure(
    name: str, values: Mapping[str, str], busy: int, args: argparse.Namespace
) -> Measurement:
    """Train once with the thread variables `values`."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        command = [sys.executable, "-m", "translate", "train", "--config", args.config]
        command += ["--out", str(run), "--device", "cpu", "--quiet"]
        command += ["--steps", str(args.steps), "--max-time", f"{args.limit}s"]
        command += ["--data", args.data] if args.data else []
        command += ["--set", f"train.log_every={args.warm_up}", "--set", "train.preview_every=0"]
        started = time.perf_counter()
        done = subprocess.run(
            command, env=environment(values), capture_output=True, text=True, check=False
        )
        seconds = time.perf_counter() - started
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}\nexit code {done.returncode}\n{done.stderr}")
        lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    intervals = [line["images_per_second"] for line in lines]
    return Measurement(name, busy, rate(lines), intervals, lines[-1]["step"], seconds)


def rate(lines: Sequence[Mapping[str, Any]]) -> float:
    """Return images per second after the first log interval, or in it if there is no other."""
    counted = [(0, line) for line in lines] if len(lines) == 1 else []
    counted += [(before["step"], line) for before, line in pairwise(lines)]
    steps = [line["step"] - before for before, line in counted]
    seconds = [n / line["images_per_second"] for n, (_, line) in zip(steps, counted, strict=True)]
    return sum(steps) / sum(seconds)


def table_rows(
    results: Sequence[Measurement], names: Sequence[str], busy: Sequence[int]
) -> list[dict[str, str]]:
    """Return a row for each setting, with a column for each number of busy processes."""
    rates = {
        (name, number): [
            r.images_per_second for r in results if (r.setting, r.busy) == (name, number)
        ]
        for name in names
        for number in busy
    }
    medians = {key: statistics.median(values) for key, values in rates.items()}
    rows = []
    for name in names:
        row = {"setting": name}
        for number in busy:
            fraction = medians[name, number] / max(medians[other, number] for other in names)
            title = f"next to {number} busy" if number else "idle"
            row[title] = f"{tables.median_and_quartiles(rates[name, number], 2)}, {fraction:.0%}"
        rows.append(row)
    return rows


def _assignments(variables: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in variables.items()) or "none set"


if __name__ == "__main__":
    main()
