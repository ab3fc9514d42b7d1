"""Kill runs by SIGKILL at random times, resume them, and compare with an uninterrupted run.

python benchmarks/kill_and_resume.py [--times 20] [--steps 60] [--workers 0] [--seed 0]
                                     [--json FILE]

Each of `--times` runs is killed once and then resumed until it is complete. The delay between its
first checkpoint and the kill is random, at most the training time of the uninterrupted run, so a
run may end before it is killed; the note counts the killed runs. The run is small and has all
kinds of state: an image pool, dropout, a moving average of weights, a learning-rate schedule. It
saves every third step. A run is equal to the uninterrupted one if the files of weights and
optimizer states in its checkpoints have the same SHA-256, and its log differs only in
`MEASURED_KEYS` and `SESSION_KEYS`.
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
SIZE = 32
"""pixels of a side of the images"""
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
MEASURED_KEYS = ("images_per_second", "data_wait", "memory_mb")
"""keys of the log that are measured, and differ in each run"""
SESSION_KEYS = ("losses", "grad_norm", "skipped")
"""keys of the log that begin again when a run is resumed: means since the last line, and a count"""


def main() -> None:
    """Kill, resume and compare runs, and print how many of them were equal."""
    args = arguments()
    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        training_setup.write_images(root, SIZE)
        reference = root / "uninterrupted"
        start = time.perf_counter()
        run_to_end(training_command(args, root, reference))
        command_seconds = time.perf_counter() - start
        training_seconds = measure_training(reference)
        expected = digests(reference)
        rows = []
        for number in range(args.times):
            run, delay = root / f"run-{number}", rng.uniform(0, training_seconds)
            was_running = start_and_kill(training_command(args, root, run), run, delay)
            checkpoints = sorted(path.name for path in (run / "checkpoints").glob("*"))
            run_to_end([*TRANSLATE, "train", "--resume", str(run), "--quiet"])
            rows.append(
                {
                    "seconds after the first checkpoint": round(delay, 2),
                    "killed": was_running,
                    "checkpoints after the kill": ", ".join(checkpoints),
                    "equal": digests(run) == expected,
                }
            )
            print(rows[-1], file=sys.stderr, flush=True)
    equal_count = sum(bool(row["equal"]) for row in rows)
    killed_count = sum(bool(row["killed"]) for row in rows)
    note = (
        f"{equal_count} of {args.times} runs equal the uninterrupted run: the log and "
        f"{len(expected) - 1} files of tensors each. {killed_count} were killed before their end. "
        f"A run has {args.steps} steps and {args.workers} workers; the uninterrupted one took "
        f"{command_seconds:.1f} s with start-up, {training_seconds:.1f} s of training."
    )
    tables.report(rows, note, args.json, digests=expected)
    sys.exit(0 if equal_count == args.times else 1)


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = tables.parser_with_json(__doc__)
    parser.add_argument("--times", type=int, default=20, help="number of runs to kill")
    parser.add_argument("--steps", type=int, default=60, help="steps of each run")
    parser.add_argument("--workers", type=int, default=0, help="processes that read images")
    parser.add_argument("--seed", type=int, default=0, help="random seed of the delays")
    return parser.parse_args()


def training_command(args: argparse.Namespace, root: Path, run: Path) -> list[str]:
    """Return the command that trains `run`."""
    settings = {**SETTINGS, "data.workers": str(args.workers)}
    command = [*TRANSLATE, "train", "--plugin", "cyclegan", "--data", str(root), "--out", str(run)]
    command += ["--size", str(SIZE), "--steps", str(args.steps), "--device", "cpu", "--quiet"]
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    return [*command, "--domains", "left", "right"]


def run_to_end(command: list[str]) -> None:
    """Run `command` to its end, with one thread."""
    subprocess.run(command, env=environment(), check=True)


def environment() -> dict[str, str]:
    """Return this environment with one thread a process."""
    return {**os.environ, "OMP_NUM_THREADS": "1"}


def measure_training(run: Path) -> float:
    """Return the seconds of training of a complete run, without the start of the program.

    ``config.yaml`` is written once, just before the first checkpoint, and the last line of the log
    after the last step.
    """
    return (run / "log.jsonl").stat().st_mtime - (run / "config.yaml").stat().st_mtime


def start_and_kill(command: list[str], run: Path, delay: float) -> bool:
    """Start `command`; kill it and its workers `delay` seconds after the first checkpoint of `run`.

    Returns whether it was still running.
    """
    process = subprocess.Popen(command, env=environment(), start_new_session=True)
    # any checkpoint: the first is deleted once there are enough later ones
    while not any(run.glob("checkpoints/step-*/MANIFEST.json")) and process.poll() is None:
        time.sleep(0.002)
    time.sleep(delay)
    was_running = process.poll() is None
    if was_running:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return was_running


def digests(run: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of tensors in `run`, and of the comparable log."""
    digest = {
        str(path.relative_to(run)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(run.glob("checkpoints/*/*.safetensors"))
    }
    logged = [_reproducible_fields(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return {**digest, "log.jsonl": sha256(json.dumps(logged).encode()).hexdigest()}


def _reproducible_fields(line: str) -> dict[str, Any]:
    """Return the fields of a line of the log that an interruption does not change."""
    fields = json.loads(line).items()
    return {key: value for key, value in fields if key not in MEASURED_KEYS + SESSION_KEYS}


if __name__ == "__main__":
    main()
