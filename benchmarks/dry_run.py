"""Peak memory and time that `translate train --dry-run` predicts, against the run itself.

python benchmarks/dry_run.py [NAME ...] [--steps N] [--json FILE]

Each configuration is trained for `--steps` steps, by default in the working directory's `datasets`;
those on MNIST read ../shared/data. Predicted and real are peak memory of the process and seconds
from the first checkpoint to the end, as `run.json` has them. The time is predicted before and after
the run: if both predictions differ, the load of the machine has changed. The machine must be idle.
"""

import json
import os
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import tables
from config_costs import ROOT, train_command
from config_times import draw_sample_domains

NAMES = ("cyclegan-small", "pix2pix-small", "wgan-gp-mnist")


def main() -> None:
    """Print a row for each configuration."""
    parser = tables.parser_with_json(__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", default=NAMES)
    parser.add_argument("--steps", type=int, default=400)
    args = parser.parse_args()
    rows = [compare(name, args.steps) for name in args.names]
    tables.report(rows, f"{args.steps} steps each", args.json)


def compare(name: str, steps: int) -> dict[str, Any]:
    """Return what is predicted for a configuration, and what its run takes."""
    draw_sample_domains(name)
    command = [*train_command(name), "--steps", str(steps)]
    load = os.getloadavg()[0]
    plan = predict(command)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        run([*command, "--out", str(path), "--quiet"])
        facts = json.loads((path / "run.json").read_text())
        *_, last = map(json.loads, (path / "log.jsonl").read_text().splitlines())
    started, ended = (datetime.fromisoformat(facts[key]) for key in ("started", "ended"))
    seconds = (ended - started).total_seconds()
    plan_after = predict(command)
    return {
        "configuration": name,
        "memory predicted, MiB": plan["memory_mb"],
        "real": last["memory_mb"],
        "error": f"{plan['memory_mb'] / last['memory_mb'] - 1:+.0%}",
        "time predicted, s": round(plan["seconds"], 1),
        "real, s": round(seconds, 1),
        "predicted afterwards, s": round(plan_after["seconds"], 1),
        "error of time": f"{plan['seconds'] / seconds - 1:+.0%}",
        "afterwards": f"{plan_after['seconds'] / seconds - 1:+.0%}",
        "load before, after": f"{load:.1f}, {os.getloadavg()[0]:.1f}",
    }


def predict(command: list[str]) -> dict[str, Any]:
    """Return the plan of a training command."""
    plan: dict[str, Any] = json.loads(run([*command, "--dry-run", "--json"]))
    return plan


def run(command: list[str]) -> str:
    """Return what a command prints."""
    command = [sys.executable, "-m", "translate", *command]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
