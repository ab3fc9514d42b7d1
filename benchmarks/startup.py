"""How long the command takes to start: its help, and one small picture as a whole process.

python benchmarks/startup.py [--run RUN] [--rounds 9] [--json FILE]

`translate infer` of one 64 px picture is interleaved with `python -c "import torch"`; without
--run, a run of one step of cyclegan-small is made first. Runs with the Python that runs this, whose
`translate` must be installed (`make environment`).
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import rig
import tables

from translate.images.decode import read_image
from translate.images.encode import write_image
from translate.images.resize import resize_pixels

HEAVY = ("torch", "torchvision", "albumentations", "kornia", "scipy", "cv2", "numpy", "pydantic")
COMMAND = [sys.executable, str(Path(sys.executable).with_name("translate"))]


class Taken(NamedTuple):
    """Seconds of a whole process."""

    wall: float
    cpu: float
    """the time that it worked: what other processes do hardly changes it"""


def main() -> None:
    """Measure, and print a row for each command."""
    asked = arguments()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        rig.draw(root, 64)
        run = asked.run or train(root)
        (root / "one").mkdir()
        picture = root / "one" / "picture.png"
        write_image(picture, resize_pixels(read_image(root / "left/train/0.png"), (64, 64)))
        whole = [*COMMAND, "infer", str(run), str(picture), str(root / "out"), "--overwrite"]
        commands = {
            "translate --help": [*COMMAND, "--help"],
            "python -c pass": [sys.executable, "-c", "pass"],
            'python -c "import torch"': [sys.executable, "-c", "import torch"],
            "translate infer, 64 px": [*whole, "--quiet"],
        }
        seconds: dict[str, list[Taken]] = {name: [] for name in commands}
        for _ in range(asked.rounds + 1):
            for name, command in commands.items():
                seconds[name].append(timed(command))
        rows = [
            {
                "command": name,
                "seconds": tables.spread([taken.wall for taken in seconds[name][1:]]),
                "least": round(min(seconds[name][1:]).wall, 3),
                "CPU seconds": tables.spread([taken.cpu for taken in seconds[name][1:]]),
                "imported": ", ".join(imported(command)) or "none of them",
            }
            for name, command in commands.items()
        ]
    torch, infer = (seconds[name][1:] for name in list(commands)[2:])
    pairs = list(zip(torch, infer, strict=True))
    more = tables.spread([b.wall - a.wall for a, b in pairs])
    work = tables.spread([b.cpu - a.cpu for a, b in pairs])
    note = (
        f"median (quartiles) of {asked.rounds} interleaved rounds after one that is not counted; "
        f"infer takes {more} s more than importing torch, {work} s of work. "
        f"Looked for: {', '.join(HEAVY)}."
    )
    tables.report(rows, note, asked.json, seconds=seconds)


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--run", type=Path, help="a run to translate with")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def train(root: Path) -> Path:
    """Return a run of one step of cyclegan-small."""
    run = root / "run"
    where = ["--data", str(root), "--domains", "left", "right", "--out", str(run)]
    config = ["--config", "cyclegan-small", "--steps", "1", "--device", "cpu"]
    subprocess.run([*COMMAND, "train", *config, *where, "--quiet"], check=True)
    return run


def timed(command: Sequence[str]) -> Taken:
    """Return what `command` takes."""
    started = clocks()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return Taken(*(now - then for now, then in zip(clocks(), started, strict=True)))


def clocks() -> tuple[float, float]:
    """Return the time, and the time that this process's children have worked."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter(), used.ru_utime + used.ru_stime


def imported(command: Sequence[str]) -> list[str]:
    """Return which heavy modules `command` imports, by Python's own account."""
    environment = {**os.environ, "PYTHONPROFILEIMPORTTIME": "1"}
    told = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    names = {line.rpartition("|")[2].strip() for line in told.stderr.splitlines()}
    return [name for name in HEAVY if name in names]


if __name__ == "__main__":
    main()
