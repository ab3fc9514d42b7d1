"""Start-up time: the help, and the translation of one small image as a whole process.

python benchmarks/startup.py [--run RUN] [--rounds 9] [--json FILE]

`translate infer` of one 64 px image is interleaved with `python -c "import torch"`; without
--run, a run of one step of cyclegan-small is trained first. All commands run with the Python that
runs this script; `translate` must be installed in its environment (`make environment`).
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import tables
import training_setup

from translate.images.encode import write_image
from translate.images.resize import resize_pixels
from translate.images.source import read_image

HEAVY = ("torch", "torchvision", "albumentations", "kornia", "scipy", "cv2", "numpy", "pydantic")
TRANSLATE = [sys.executable, str(Path(sys.executable).with_name("translate"))]


class Duration(NamedTuple):
    """Seconds of a whole process."""

    wall: float
    cpu: float
    """CPU time, which other processes hardly change"""


def main() -> None:
    """Measure, and print a row for each command."""
    args = arguments()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        training_setup.write_images(root, 64)
        run = args.run or train(root)
        (root / "one").mkdir()
        image = root / "one" / "image.png"
        write_image(image, resize_pixels(read_image(root / "left/train/0.png"), (64, 64)))
        infer = [*TRANSLATE, "infer", str(run), str(image), str(root / "out"), "--overwrite"]
        commands = {
            "translate --help": [*TRANSLATE, "--help"],
            "python -c pass": [sys.executable, "-c", "pass"],
            'python -c "import torch"': [sys.executable, "-c", "import torch"],
            "translate infer, 64 px": [*infer, "--quiet"],
        }
        seconds: dict[str, list[Duration]] = {name: [] for name in commands}
        for _ in range(args.rounds + 1):
            for name, command in commands.items():
                seconds[name].append(time_command(command))
        rows = [
            {
                "command": name,
                "seconds": tables.median_and_quartiles(
                    [duration.wall for duration in seconds[name][1:]]
                ),
                "minimum": round(min(seconds[name][1:]).wall, 3),
                "CPU seconds": tables.median_and_quartiles(
                    [duration.cpu for duration in seconds[name][1:]]
                ),
                "imported": ", ".join(imported_modules(command)) or "none",
            }
            for name, command in commands.items()
        ]
    of_torch, of_infer = (seconds[name][1:] for name in list(commands)[2:])
    pairs = list(zip(of_torch, of_infer, strict=True))
    extra = tables.median_and_quartiles([infer.wall - torch.wall for torch, infer in pairs])
    extra_cpu = tables.median_and_quartiles([infer.cpu - torch.cpu for torch, infer in pairs])
    note = (
        f"median (quartiles) of {args.rounds} interleaved rounds after one that is not counted; "
        f"infer takes {extra} s more than importing torch, {extra_cpu} s of CPU time. "
        f"Imports looked for: {', '.join(HEAVY)}."
    )
    tables.report(rows, note, args.json, seconds=seconds)


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = tables.parser_with_json(__doc__)
    parser.add_argument("--run", type=Path, help="a run to translate with")
    parser.add_argument("--rounds", type=int, default=9)
    return parser.parse_args()


def train(root: Path) -> Path:
    """Return a run of one step of cyclegan-small."""
    run = root / "run"
    where = ["--data", str(root), "--domains", "left", "right", "--out", str(run)]
    config = ["--config", "cyclegan-small", "--steps", "1", "--device", "cpu"]
    subprocess.run([*TRANSLATE, "train", *config, *where, "--quiet"], check=True)
    return run


def time_command(command: Sequence[str], environment: Mapping[str, str] = os.environ) -> Duration:
    """Run `command`; return its duration."""
    started = clocks()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return Duration(*(now - then for now, then in zip(clocks(), started, strict=True)))


def clocks() -> tuple[float, float]:
    """Return wall time, and CPU time of all child processes so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter(), usage.ru_utime + usage.ru_stime


def imported_modules(command: Sequence[str]) -> list[str]:
    """Return which heavy modules `command` imports, as Python reports them."""
    environment = {**os.environ, "PYTHONPROFILEIMPORTTIME": "1"}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    names = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    return [name for name in HEAVY if name in names]


if __name__ == "__main__":
    main()
