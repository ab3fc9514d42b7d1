"""Kill runs by SIGKILL at random times, resume them, and compare with an uninterrupted run.

python benchmarks/kill_and_resume.py [--times 20] [--workers 0] [--seed 0] [--json FILE]

Each of `--times` runs is killed once, at a random time between its first checkpoint and the end of
training, and resumed until it is complete. The run is small and has much state: it saves every
third step and uses an image pool, dropout, averaged weights and a learning-rate schedule. The
sha256 of all weights and optimizer states of its checkpoints are compared, and the log without
times.
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

import tables
import training_setup

TRANSLATE = [sys.executable, "-m", "translate"]
SETTINGS = {
    "options.generator": "{name: resnet, width: 8, blocks: 1, downsamplings: 1, dropout: 0.5}",
    "options.discriminator": "{name: patch, width: 8, layers: 1}",
    "options.pool_size": "3",
    "train.ema": "0.9",
    "train.schedule": "linear",
    "train.save_every": "3",
    "train.log_every": "2",
    "train.preview_every": "5",
}


def main() -> None:
    """Kill, resume and compare runs, and print how many of them were equal."""
    args = arguments()
    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        training_setup.write_images(root, 32)
        started = time.perf_counter()
        complete(training_command(args, root, root / "uninterrupted"))
        total = time.perf_counter() - started
        start_time = (root / "uninterrupted/config.yaml").stat().st_mtime
        duration = (root / "uninterrupted/log.jsonl").stat().st_mtime - start_time
        expected = digests(root / "uninterrupted")
        rows = []
        for number in range(args.times):
            run, delay = root / f"run-{number}", rng.uniform(0, duration)
            killed = kill(training_command(args, root, run), run, delay)
            checkpoints = sorted(path.name for path in (run / "checkpoints").glob("*"))
            complete([*TRANSLATE, "train", "--resume", str(run), "--quiet"])
            rows.append(
                {
                    "seconds": round(delay, 2),
                    "killed": killed,
                    "checkpoints": ", ".join(checkpoints),
                    "equal": digests(run) == expected,
                }
            )
            print(rows[-1], file=sys.stderr, flush=True)
    equal = sum(bool(row["equal"]) for row in rows)
    killed = sum(bool(row["killed"]) for row in rows)
    note = (
        f"{equal} of {args.times} equal to the uninterrupted run ({args.steps} steps, "
        f"{total:.1f} s with start-up, {duration:.1f} s of training, {args.workers} workers), in "
        f"{len(expected)} files; {killed} were killed before their end."
    )
    tables.report(rows, note, args.json, digests=expected)
    sys.exit(0 if equal == args.times else 1)


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = tables.argument_parser(__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0, help="random seed of the times")
    return parser.parse_args()


def training_command(args: argparse.Namespace, root: Path, run: Path) -> list[str]:
    """Return the command that trains `run`."""
    settings = {**SETTINGS, "data.workers": str(args.workers)}
    command = [*TRANSLATE, "train", "--plugin", "cyclegan", "--data", str(root), "--out", str(run)]
    command += ["--size", "32", "--steps", str(args.steps), "--device", "cpu", "--quiet"]
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    return [*command, "--domains", "left", "right"]


def complete(command: list[str]) -> None:
    """Run `command` to its end, with one thread."""
    subprocess.run(command, env=environment(), check=True)


def environment() -> dict[str, str]:
    """Return this environment with one thread a process."""
    return {**os.environ, "OMP_NUM_THREADS": "1"}


def kill(command: list[str], run: Path, delay: float) -> bool:
    """Kill `command` and its workers `delay` seconds after its first checkpoint.

    Returns whether it was still running.
    """
    process = subprocess.Popen(command, env=environment(), start_new_session=True)
    first = run / "checkpoints/step-00000000/MANIFEST.json"
    later = run / "checkpoints/step-00000003/MANIFEST.json"
    while not (first.exists() or later.exists()) and process.poll() is None:
        time.sleep(0.002)
    time.sleep(delay)
    is_running = process.poll() is None
    if is_running:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return is_running


def digests(run: Path) -> dict[str, str]:
    """Return the sha256 of every file of tensors in `run`, and of its log without the times."""
    digest = {
        str(path.relative_to(run)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(run.glob("checkpoints/*/*.safetensors"))
    }
    logged = [_without_times(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return {**digest, "log.jsonl": sha256(json.dumps(logged).encode()).hexdigest()}


def _without_times(line: str) -> dict[str, Any]:
    varying = ("images_per_second", "data_wait", "memory_mb", "losses", "grad_norm", "skipped")
    return {key: value for key, value in json.loads(line).items() if key not in varying}


if __name__ == "__main__":
    main()
