"""Translation on a Ray cluster of this machine compared with `translate infer`, interleaved.

python benchmarks/ray_overhead.py [--images 2000] [--actors 2] [--width 16] [--rounds 3]
                                  [--threads 1] [--json FILE]

`translate infer` computes with `--threads` threads, each actor with one. On a busy machine several
threads wait for each other, which adds CPU time: to compare CPU times, keep `--threads 1`. Images
are crops of 128 px of photographs, reduced to 64 px; the network is a ResNet of nine blocks that
was trained for one step. CPU time is that of all processes of a command, including those of Ray,
read five times a second. `first to last output` is the time between the first and the last output,
which excludes the start of Python, PyTorch and Ray.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import startup
import tables
import training_setup
from PIL import Image

from translate.folders.listing import find_images

DATA = Path("../shared/data/horse2zebra")
SIZE = 64
"""pixels of a side of the images"""
CROP = 128
"""pixels of a side of the crops that are reduced to images"""
OFFSETS = (0, 16, 32, 48)
"""horizontal and vertical offsets of the crops, in pixels"""
POLL_SECONDS = 0.2
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PARENT, USER_TICKS, SYSTEM_TICKS = 1, 11, 12
"""positions in ``/proc/PID/stat``, counted from the field after the command's name; see proc(5)"""


class Measurement(NamedTuple):
    """Seconds of a command and its processes."""

    wall: float
    cpu: float
    first_to_last_output: float


def main() -> None:
    """Measure, and print a row for each command."""
    args = arguments()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        images, run = root / "images", root / "run"
        write_crops(images, args.images, args.data)
        train_run(run, root, args.width)
        commands = {
            "infer": ([*startup.TRANSLATE, "infer", "--device", "cpu"], args.threads),
            "ray": ([sys.executable, "-m", "translate.scale.ray", "--actors", str(args.actors)], 1),
        }
        measurements: dict[str, list[Measurement]] = {name: [] for name in commands}
        for number in range(args.rounds):
            outputs = {}
            for name, (program, threads) in commands.items():
                outputs[name] = root / f"{name}-{number}"
                command = [*program, str(run), str(images), str(outputs[name]), "--quiet"]
                measurements[name].append(measure(command, outputs[name], threads))
                print(f"{name}: {measurements[name][-1]}", file=sys.stderr, flush=True)
            require_equal(*outputs.values())
        rows = [row(name, measurements) for name in commands]
    note = (
        f"{args.images} images of {SIZE} px, ResNet of width {args.width}, {args.actors} actors of "
        f"one thread and one process of {args.threads}; median (quartiles) of {args.rounds} "
        "interleaved rounds; ratios within a round; both commands write equal images."
    )
    tables.report(rows, note, args.json, measured=measurements)


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = tables.parser_with_json(__doc__)
    smallest = CROP + max(OFFSETS)
    parser.add_argument(
        "--data", type=Path, default=DATA, help=f"folder of images of at least {smallest} px"
    )
    parser.add_argument("--images", type=int, default=2000, help="number of images to translate")
    parser.add_argument("--actors", type=int, default=2, help="Ray actors, of one thread each")
    parser.add_argument("--threads", type=int, default=1, help="threads of translate infer")
    parser.add_argument("--width", type=int, default=16, help="channels after the first layer")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each command")
    return parser.parse_args()


def write_crops(folder: Path, count: int, data: Path) -> None:
    """Write `count` reduced crops of the images in `data` into a new folder.

    The images are used in turn, with another crop each time; crops repeat once an image has been
    used at all offsets.
    """
    folder.mkdir()
    files = find_images(data)
    corners = list(product(OFFSETS, OFFSETS))
    for number in range(count):
        earlier_uses, index = divmod(number, len(files))
        top, left = corners[earlier_uses % len(corners)]
        with Image.open(files[index]) as image:
            crop = image.convert("RGB").crop((left, top, left + CROP, top + CROP))
        crop.resize((SIZE, SIZE)).save(folder / f"{number:05}.png")


def train_run(run: Path, root: Path, width: int) -> None:
    """Train a run of one step on generated images of two domains, which CycleGAN needs."""
    training_setup.write_images(root, SIZE)
    command = ["train", "--plugin", "cyclegan", "--data", str(root), "--domains", "left", "right"]
    command += ["--out", str(run), "--steps", "1", "--size", str(SIZE), "--device", "cpu"]
    command += ["--set", f"options.generator={{name: resnet, blocks: 9, width: {width}}}"]
    subprocess.run([*startup.TRANSLATE, *command, "--quiet"], check=True)


def measure(command: Sequence[str], out: Path, threads: int) -> Measurement:
    """Run `command`, which writes images into `out`, and return the time of all its processes."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    start, cpu_by_process = time.perf_counter(), dict[int, float]()
    process = subprocess.Popen(command, env=environment)
    while process.poll() is None:
        cpu_by_process |= dict(cpu_seconds(process.pid))
        time.sleep(POLL_SECONDS)
    wall = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(f"{command[:3]} ended with {process.returncode}")
    times = [path.stat().st_mtime for path in out.glob("*.png")]
    return Measurement(wall, sum(cpu_by_process.values()), max(times) - min(times))


def cpu_seconds(pid: int) -> Iterator[tuple[int, float]]:
    """Yield the process `pid` and its descendants, with the CPU seconds that each has used."""
    parents, used = dict[int, int](), dict[int, float]()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        parents[int(folder.name)] = int(fields[PARENT])
        ticks = int(fields[USER_TICKS]) + int(fields[SYSTEM_TICKS])
        used[int(folder.name)] = ticks / TICKS_PER_SECOND
    for process in parents:
        ancestor = process
        while ancestor != pid and ancestor in parents:
            ancestor = parents[ancestor]
        if ancestor == pid:
            yield process, used[process]


def require_equal(folder: Path, other: Path) -> None:
    """Raise unless both folders have the same images."""
    files = find_images(folder)
    assert [path.name for path in files] == [path.name for path in find_images(other)]
    assert all(path.read_bytes() == (other / path.name).read_bytes() for path in files)


def row(name: str, measurements: dict[str, list[Measurement]]) -> dict[str, Any]:
    """Return the row of a command."""
    rounds = list(zip(measurements[name], measurements["infer"], strict=True))
    cells: dict[str, Any] = {"command": name}
    for field in Measurement._fields:
        seconds = [getattr(measurement, field) for measurement in measurements[name]]
        cells[f"{field.replace('_', ' ')}, seconds"] = tables.median_and_quartiles(seconds, 1)
    for field in Measurement._fields:
        ratios = [getattr(command, field) / getattr(infer, field) for command, infer in rounds]
        cells[f"{field.replace('_', ' ')}, ratio to infer"] = tables.median_and_quartiles(ratios, 2)
    return cells


if __name__ == "__main__":
    main()
