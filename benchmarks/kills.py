"""Kill a run -9 at random moments, resume it, and compare every weight file with a straight run's.

python benchmarks/kills.py [--times 20] [--workers 0] [--seed 0] [--json FILE]

Each of `--times` runs is killed once, anywhere between its first step's beginning and the moment
when the straight run had ended, and resumed until it is complete. The run is small and cruel: it
saves every third step, draws from a pool, drops, averages its weights and decays its rates.
Compared are the sha256 of all weights and optimizer states of its checkpoints, and the log without
its times.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import rig
import tables

TRANSLATE = [sys.executable, "-m", "translate"]
SETTINGS = {
    "options.generator": "{name: resnet, width: 8, blocks: 1, downs: 1, dropout: 0.5}",
    "options.discriminator": "{name: patch, width: 8, layers: 1}",
    "options.pool_size": "3",
    "train.ema": "0.9",
    "train.schedule": "linear",
    "train.save_every": "3",
    "train.log_every": "2",
    "train.preview_every": "5",
}


def main() -> None:
    """Kill, resume, compare, and print how many were equal."""
    asked = arguments()
    chance = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        rig.draw(root, 32)
        begun = time.perf_counter()
        run_all(start(asked, root, root / "straight"))
        took = time.perf_counter() - begun
        began = (root / "straight/config.yaml").stat().st_mtime
        training = (root / "straight/log.jsonl").stat().st_mtime - began
        wanted = digests(root / "straight")
        rows = []
        for number in range(asked.times):
            run, moment = root / f"run-{number}", chance.uniform(0, training)
            killed = kill(start(asked, root, run), run, moment)
            reached = sorted(path.name for path in (run / "checkpoints").glob("*"))
            run_all([*TRANSLATE, "train", "--resume", str(run), "--quiet"])
            rows.append(
                {
                    "seconds": round(moment, 2),
                    "killed": killed,
                    "there": ", ".join(reached),
                    "equal": digests(run) == wanted,
                }
            )
            print(rows[-1], file=sys.stderr, flush=True)
    equal = sum(bool(row["equal"]) for row in rows)
    early = sum(bool(row["killed"]) for row in rows)
    note = (
        f"{equal} of {asked.times} equal to the straight run ({asked.steps} steps, {took:.1f} s "
        f"with its start, {training:.1f} s of training, {asked.workers} workers), in "
        f"{len(wanted)} files; {early} were killed before their end."
    )
    tables.report(rows, note, asked.json, digests=wanted)
    sys.exit(0 if equal == asked.times else 1)


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def start(asked: argparse.Namespace, root: Path, run: Path) -> list[str]:
    """Return the command of a run."""
    settings = {**SETTINGS, "data.workers": str(asked.workers)}
    command = [*TRANSLATE, "train", "--plugin", "cyclegan", "--data", str(root), "--out", str(run)]
    command += ["--size", "32", "--steps", str(asked.steps), "--device", "cpu", "--quiet"]
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    return [*command, "--domains", "left", "right"]


def run_all(command: list[str]) -> None:
    """Run `command` to its end, with one thread."""
    subprocess.run(command, env=environment(), check=True)


def environment() -> dict[str, str]:
    """Return this environment with one thread a process."""
    return {**os.environ, "OMP_NUM_THREADS": "1"}


def kill(command: list[str], run: Path, moment: float) -> bool:
    """Kill `command` and its workers `moment` seconds after its first checkpoint is there.

    Returns whether it was still at work.
    """
    process = subprocess.Popen(command, env=environment(), start_new_session=True)
    first = run / "checkpoints/step-00000000/MANIFEST.json"
    later = run / "checkpoints/step-00000003/MANIFEST.json"
    while not (first.exists() or later.exists()) and process.poll() is None:
        time.sleep(0.002)
    time.sleep(moment)
    alive = process.poll() is None
    if alive:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return alive


def digests(run: Path) -> dict[str, str]:
    """Return the sha256 of every file of tensors in `run`, and of its log without the times."""
    found = {
        str(path.relative_to(run)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(run.glob("checkpoints/*/*.safetensors"))
    }
    logged = [_timeless(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return {**found, "log.jsonl": sha256(json.dumps(logged).encode()).hexdigest()}


def _timeless(line: str) -> dict[str, Any]:
    changing = ("images_per_second", "data_wait", "memory_mb", "losses", "grad_norm", "skipped")
    return {key: value for key, value in json.loads(line).items() if key not in changing}


if __name__ == "__main__":
    main()
