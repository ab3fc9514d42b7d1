"""All checks of a CUDA machine in one call: five blocks, each a process with a time limit.

python benchmarks/gpu.py [--minutes 10] [--data ../shared/data] [--blocks NAME ...] [--out out/gpu]
python benchmarks/gpu.py --smoke                       small networks and images, also on a CPU

| block | command | figure |
| --- | --- | --- |
| speed | gpu_speed.py | time and memory of a step, against the textbook's at the same precision |
| zebras | zebras.py | share of translated horses that a classifier calls zebras |
| facades | facades.py | PSNR, SSIM and L1 of pix2pix on the validation facades |
| folder | folder.py | time of a folder of images, against a plain loop |
| correctness | gpu_correctness.py | exact resume, gradients of norms and of networks |

`--out` gets what each block printed and its figures as JSON. A block that fails or exceeds its
share of the time is listed, and the others run. Exit code 1 if any did.
"""

import argparse
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
TRAINED = "train.save_every=100000", "train.preview_every=0"
TINY = {
    "zebras": ["options.generator={name: resnet, width: 4, blocks: 1}"],
    "facades": ["options.generator={name: unet, width: 4, levels: 6}"],
}
"""networks of a smoke run"""


class Block(NamedTuple):
    """A benchmark, and the arguments of its process."""

    share: float
    """of the time of all blocks"""
    arguments: Callable[[argparse.Namespace, float], list[str]]
    """of the command line and the minutes of the block"""


def main() -> None:
    """Run the blocks one by one, and print which of them have finished."""
    args = arguments()
    args.out.mkdir(parents=True, exist_ok=True)
    if args.smoke:
        args.data = args.out / "data"
        write_data(args.data, args.size)
    end = time.monotonic() + 60 * args.minutes
    total = sum(BLOCKS[name].share for name in args.blocks)
    rows = []
    for name in args.blocks:
        left = end - time.monotonic()
        seconds = min(left, 60 * args.minutes * BLOCKS[name].share / total)
        before = time.monotonic()
        result = run(name, BLOCKS[name].arguments(args, seconds / 60), left, args.out)
        took = round(time.monotonic() - before)
        rows.append({"block": name, "result": result, "seconds": took})
    print("\n## all\n")
    tables.report(rows, f"printed output and JSON of each block: {args.out}", args.out / "all.json")
    raise SystemExit(int(any(row["result"] != "done" for row in rows)))


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
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
    with log.open("w") as file:
        try:
            process = subprocess.run(
                [sys.executable, *command],
                stdout=file,
                stderr=subprocess.STDOUT,
                timeout=max(1.0, seconds),
                check=False,
            )
            result = f"failed: exit code {process.returncode}" if process.returncode else "done"
        except subprocess.TimeoutExpired:
            result = "stopped: out of time"
    print(log.read_text(errors="replace"), flush=True)
    return result


def speed(args: argparse.Namespace, minutes: float) -> list[str]:
    """Return the command that compares a step with the textbook's."""
    tiny = ["--tiny", "--batches", "1"] if args.smoke else []
    return [*_script("gpu_speed.py", args), f"--minutes={minutes:.2f}", *tiny]


def zebras(args: argparse.Namespace, minutes: float) -> list[str]:
    """Return the command that trains CycleGAN on horses and zebras."""
    return [*_trained("zebras", "horse2zebra", args), f"--minutes={minutes - 0.4:.2f}"]


def facades(args: argparse.Namespace, minutes: float) -> list[str]:
    """Return the command that trains pix2pix on facades."""
    return [*_trained("facades", "facades", args), f"--minutes={minutes - 0.4:.2f}"]


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


def _trained(name: str, data: str, args: argparse.Namespace) -> list[str]:
    """Return the command of a block that trains, up to its time."""
    settings = [*TRAINED, *(TINY[name] if args.smoke else [])]
    return [
        *_script(f"{name}.py", args),
        *("--data", str(args.data / data), "--out", str(args.out / name)),
        *("--size", str(args.size)),
        *(f"--set={setting}" for setting in settings),
        *(["--steps", "2"] if args.smoke else []),
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
