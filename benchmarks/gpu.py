"""All checks of a CUDA machine in one call: five blocks, each a process with a time limit.

python benchmarks/gpu.py [--minutes 10] [--data ../shared/data] [--blocks NAME ...] [--out out/gpu]
python benchmarks/gpu.py --smoke                       small networks and images, also on a CPU

| block | command | measurement |
| --- | --- | --- |
| speed | gpu_speed.py | time and memory of a step, against the textbook's at the same precision |
| zebras | zebras.py | fraction of translated horses that a classifier calls zebras |
| facades | facades.py | PSNR, SSIM and L1 of pix2pix on the validation facades |
| folder | folder.py | time of a folder of images and of its parts, against a plain loop |
| correctness | gpu_correctness.py | uploads, gradients of norms and networks, exact resume |

`--out` gets what each block printed, and all results as all.json. A block gets its share of the
time that is left. A block that fails, exceeds its time or is skipped as too little time is left is
listed with the reason, the others run, and the exit code is 1.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tables
import torch
import training_setup

HERE = Path(__file__).parent
ALL = "all.json"
SCRIPTS = {"speed": "gpu_speed", "correctness": "gpu_correctness"}
"""the blocks with result files of another name"""
LEAST_SECONDS = 15
"""a block with less time is skipped: starting takes almost as long"""
RESERVE = 0.4
"""minutes that a block with training needs after it, for translating and measuring"""
TRAINED = "train.save_every=100000", "train.preview_every=0"
TINY = {
    "zebras": ["options.generator={name: resnet, width: 4, blocks: 1}"],
    "facades": ["options.generator={name: unet, width: 4, levels: 6}"],
}
"""networks of a smoke run"""


class Block(NamedTuple):
    """A benchmark, and the arguments of its process."""

    share: float
    """fraction of the time of all blocks"""
    arguments: Callable[[argparse.Namespace, float], list[str]]
    """returns the arguments from the parsed command line and the minutes of the block"""


def main() -> None:
    """Run the blocks one by one, and print how each of them has ended."""
    args = arguments()
    args.out.mkdir(parents=True, exist_ok=True)
    if args.smoke:
        args.data = args.out / "data"
        write_data(args.data, args.size)
    end = time.monotonic() + 60 * args.minutes
    rows = []
    for number, name in enumerate(args.blocks):
        before = time.monotonic()
        budget = share_of(end - before, args.blocks[number:])
        result = run(name, BLOCKS[name].arguments(args, budget / 60), budget, args.out)
        took = round(time.monotonic() - before)
        rows.append({"block": name, "result": result, "seconds": took, "budget": round(budget)})
    print("\n## all\n")
    note = f"printed output and JSON of each block: {args.out}"
    results = {path.stem: json.loads(path.read_text()) for path in result_files(args.out)}
    tables.report(rows, note, args.out / ALL, results=results)
    raise SystemExit(int(any(row["result"] != "done" for row in rows)))


def share_of(left: float, blocks: Sequence[str]) -> float:
    """Return how many of the seconds that are `left` the first of `blocks` gets.

    The time that a block does not need is divided among the blocks after it.
    """
    return max(0.0, left) * BLOCKS[blocks[0]].share / sum(BLOCKS[name].share for name in blocks)


def result_files(out: Path) -> list[Path]:
    """Return the files of results that the blocks have written."""
    return [path for path in sorted(out.glob("*.json")) if path.name != ALL]


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0, help="limit of all blocks together")
    parser.add_argument("--blocks", nargs="+", choices=list(BLOCKS), default=list(BLOCKS))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("out/gpu"))
    parser.add_argument("--smoke", action="store_true", help="small networks and images")
    args = parser.parse_args()
    args.device = "cuda" if torch.cuda.is_available() else "cpu"
    args.size = 64 if args.smoke else 256
    if args.device == "cpu" and not args.smoke:
        parser.error("no GPU was found: use --smoke, which runs on a CPU.")
    return args


def run(name: str, command: Sequence[str], seconds: float, out: Path) -> str:
    """Run one block for at most `seconds`, show what it prints, and return how it ended."""
    print(f"\n## {name}\n", flush=True)
    log = out / f"{name}.txt"
    for path in (log, *out.glob(f"{SCRIPTS.get(name, name)}*.json")):
        path.unlink(missing_ok=True)  # of an earlier call
    if seconds < LEAST_SECONDS:
        return f"skipped: {seconds:.0f} s are left, and it needs {LEAST_SECONDS}"
    with log.open("w") as file:
        try:
            process = subprocess.run(
                [sys.executable, *command],
                stdout=file,
                stderr=subprocess.STDOUT,
                timeout=seconds,
                check=False,
            )
            result = f"failed: exit code {process.returncode}" if process.returncode else "done"
        except subprocess.TimeoutExpired:
            result = f"stopped: it took more than {seconds:.0f} s"
        except OSError as error:
            result = f"failed: {error}"
    print(log.read_text(errors="replace"), flush=True)
    return result


def speed(args: argparse.Namespace, minutes: float) -> list[str]:
    """Return the command that compares a step with the textbook's."""
    tiny = ["--tiny", "--batches", "1"] if args.smoke else []
    return [*_script("gpu_speed.py", args), f"--minutes={minutes:.2f}", *tiny]


def zebras(args: argparse.Namespace, minutes: float) -> list[str]:
    """Return the command that trains CycleGAN on horses and zebras."""
    return _training_command("zebras", "horse2zebra", args, minutes)


def facades(args: argparse.Namespace, minutes: float) -> list[str]:
    """Return the command that trains pix2pix on facades."""
    return _training_command("facades", "facades", args, minutes)


def folder(args: argparse.Namespace, minutes: float) -> list[str]:  # noqa: ARG001
    """Return the command that translates a folder."""
    sizes = ("8", "4") if args.smoke else ("500", "64")
    return [
        *_script("folder.py", args),
        *("--images", sizes[0], "--width", sizes[1], "--rounds", "1", "--batch-size", "8"),
        *("--device", args.device, "--data", str(args.data / "horse2zebra")),
    ]


def correctness(args: argparse.Namespace, minutes: float) -> list[str]:  # noqa: ARG001
    """Return the command that compares resumed runs and gradients."""
    return [*_script("gpu_correctness.py", args), *(["--tiny"] if args.smoke else [])]


def _script(name: str, args: argparse.Namespace) -> list[str]:
    return [str(HERE / name), "--json", str(args.out / name.replace(".py", ".json"))]


def _training_command(name: str, data: str, args: argparse.Namespace, minutes: float) -> list[str]:
    """Return the command of a block that trains."""
    settings = [*TRAINED, *(TINY[name] if args.smoke else [])]
    return [
        *_script(f"{name}.py", args),
        *("--data", str(args.data / data), "--out", str(args.out / name)),
        *("--size", str(args.size)),
        *(f"--set={setting}" for setting in settings),
        *(["--steps", "2"] if args.smoke else []),
        f"--minutes={max(0.05, minutes - RESERVE):.2f}",
    ]


BLOCKS = {
    "speed": Block(0.45, speed),
    "zebras": Block(0.22, zebras),
    "facades": Block(0.13, facades),
    "folder": Block(0.1, folder),
    "correctness": Block(0.1, correctness),
}


def write_data(root: Path, side: int) -> None:
    """Write a few small images in the folders of horse2zebra and facades."""
    shutil.rmtree(root, ignore_errors=True)
    random = np.random.default_rng(0)
    for place in ("trainA", "trainB", "testA", "testB"):
        training_setup.write_smooth_images(root / "horse2zebra" / place, (side, side), random)
    for place in ("train", "val"):
        training_setup.write_smooth_images(root / "facades" / place, (side, 2 * side), random)


if __name__ == "__main__":
    main()
