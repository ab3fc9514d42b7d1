"""Translation on a Ray cluster of this machine against `translate infer`, interleaved.

python benchmarks/ray_overhead.py [--images 2000] [--actors 2] [--width 16] [--rounds 3]
                                  [--threads 1] [--json FILE]

`translate infer` computes with `--threads` threads, each actor with one. On a busy machine several
threads wait for each other, and CPU time grows: compare the CPU time of one thread. Images are
crops of 64 px of real photographs; the network is a ResNet of nine blocks with random weights. CPU
time is that of all processes, also of Ray's own, read five times a second. `first to last` is the
time between the first and the last output, without the start of Python, PyTorch and Ray.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import startup
import tables
import training_setup
from PIL import Image

from translate.folders.listing import find_images

DATA = Path("../shared/data/horse2zebra")
SIZE, POSITIONS = 64, 4
POLL_SECONDS = 0.2
TICKS = os.sysconf("SC_CLK_TCK")


class Measurement(NamedTuple):
    """Seconds of a command and its processes."""

    wall: float
    cpu: float
    first_to_last: float


def main() -> None:
    """Measure, and print a row for each command."""
    args = arguments()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        photos, run = prepare(root, args)
        commands = {
            "infer": ([*startup.COMMAND, "infer", "--device", "cpu"], args.threads),
            "ray": ([sys.executable, "-m", "translate.scale.ray", "--actors", str(args.actors)], 1),
        }
        measured: dict[str, list[Measurement]] = {name: [] for name in commands}
        for number in range(args.rounds):
            outputs = {}
            for name, (program, threads) in commands.items():
                outputs[name] = root / f"{name}-{number}"
                command = [*program, str(run), str(photos), str(outputs[name]), "--quiet"]
                measured[name].append(measure(command, outputs[name], threads))
                print(f"{name}: {measured[name][-1]}", file=sys.stderr, flush=True)
            require_equal(*outputs.values())
        rows = [row(name, measured) for name in commands]
    note = (
        f"{args.images} images of {SIZE} px, ResNet of width {args.width}, {args.actors} actors of "
        f"one thread against one process of {args.threads}; median (quartiles) of {args.rounds} "
        "interleaved rounds; ratios within a round; outputs are equal."
    )
    tables.report(rows, note, args.json, measured=measured)


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = tables.argument_parser(__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="photographs of at least 128 px")
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--actors", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1, help="threads of translate infer")
    parser.add_argument("--width", type=int, default=16, help="channels after the first layer")
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def prepare(root: Path, args: argparse.Namespace) -> tuple[Path, Path]:
    """Write the images, and train a run of one step."""
    photos, run, files = root / "photos", root / "run", find_images(args.data)
    photos.mkdir()
    for number in range(args.images):
        use, index = divmod(number, len(files))  # each use of a file has another crop
        y, x = divmod(use % POSITIONS**2, POSITIONS)
        with Image.open(files[index]) as image:
            crop = image.convert("RGB").crop((16 * x, 16 * y, 16 * x + 128, 16 * y + 128))
        crop.resize((SIZE, SIZE)).save(photos / f"{number:05}.png")
    training_setup.write_images(root, SIZE)
    command = ["train", "--plugin", "cyclegan", "--data", str(root), "--domains", "left", "right"]
    command += ["--out", str(run), "--steps", "1", "--size", str(SIZE), "--device", "cpu"]
    command += ["--set", f"options.generator={{name: resnet, blocks: 9, width: {args.width}}}"]
    subprocess.run([*startup.COMMAND, *command, "--quiet"], check=True)
    return photos, run


def measure(command: Sequence[str], out: Path, threads: int) -> Measurement:
    """Run `command`, and return its time and that of all processes below it."""
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
    """Yield the processes from `pid` down, with the processor seconds that each has used."""
    parents, used = dict[int, int](), dict[int, float]()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        parents[int(folder.name)] = int(fields[1])
        used[int(folder.name)] = (int(fields[11]) + int(fields[12])) / TICKS
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


def row(name: str, measured: dict[str, list[Measurement]]) -> dict[str, Any]:
    """Return the row of a command."""
    pairs = list(zip(measured[name], measured["infer"], strict=True))
    cells: dict[str, Any] = {"command": name}
    for clock in Measurement._fields:
        seconds = [getattr(measurement, clock) for measurement in measured[name]]
        cells[f"{clock.replace('_', ' ')} seconds"] = tables.spread(seconds, 1)
    for clock in Measurement._fields:
        ratios = [getattr(own, clock) / getattr(infer, clock) for own, infer in pairs]
        cells[f"{clock.replace('_', ' ')}, to infer"] = tables.spread(ratios, 2)
    return cells


if __name__ == "__main__":
    main()
