"""Translation of a folder: `translate infer` against a plain loop, whole processes, interleaved.

python benchmarks/folder.py [--images 200] [--width 8] [--backend NAME ...] [--rounds 5]
                            [--json FILE]

The plain loop (plain_loop.py) does what test.py of pytorch-CycleGAN-and-pix2pix does: for
each image it writes the input and the output as PNG. `outputs only` is the same without inputs. The
network is a ResNet of nine blocks with random weights; each process computes with `--threads`
threads. Outputs are compared, in levels of 255.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import startup
import tables
import torch
import training_setup
from safetensors.torch import load_file

from translate.engine.models.model import load
from translate.folders.listing import find_images
from translate.images.encode import encode_image
from translate.images.source import read_image

DATA = Path("../shared/data/horse2zebra")
HERE = Path(__file__).parent
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


class Setup(NamedTuple):
    """The files that all processes share."""

    root: Path
    images: Path
    run: Path
    weights: Path


def main() -> None:
    """Measure, and print a row for each command."""
    args = arguments()
    with tempfile.TemporaryDirectory() as folder:
        setup = prepare(Path(folder), args)
        command_by_name = commands(setup, args)
        seconds: dict[str, list[startup.Duration]] = {name: [] for name in command_by_name}
        for number in range(args.rounds + 1):
            for name, command in command_by_name.items():
                out = setup.root / f"{name}-{number}"
                seconds[name].append(time_command([*command, str(out)], args.threads))
        outputs = {name: setup.root / f"{name}-{args.rounds}" for name in command_by_name}
        rows = [row(name, seconds, outputs, args) for name in command_by_name]
        parts = time_parts(setup, args)
    note = (
        f"{args.images} images of 256 px on {args.device}, width {args.width}, {args.threads} "
        f"threads; median (quartiles) of {args.rounds} interleaved rounds after one that is not "
        "counted. Ratios are how many times as long the loop takes within a round."
    )
    tables.report(rows, note, args.json, seconds=seconds, parts=parts)
    print(f"\n{tables.table([parts])}\n\nmilliseconds per image of each part alone")


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = tables.parser_with_json(__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="images of 256 px")
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--width", type=int, default=8, help="channels after the first layer")
    parser.add_argument("--batch-size", type=int, default=1, help="batch size of translate infer")
    parser.add_argument(
        "--backend", nargs="*", default=[], help="backends of translate infer besides its default"
    )
    parser.add_argument("--device", default="cpu", help="device of the network: cpu or cuda")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def prepare(root: Path, args: argparse.Namespace) -> Setup:
    """Link the images, train a run of one step, and save its weights as the loop reads them."""
    images = root / "images"
    images.mkdir()
    files = find_images(args.data)
    for number in range(args.images):
        file = files[number % len(files)]
        (images / f"{number:04}{file.suffix}").symlink_to(file.resolve())
    training_setup.write_images(root, 64)
    run, weights = root / "run", root / "weights.pth"
    command = ["train", "--plugin", "cyclegan", "--data", str(root), "--domains", "left", "right"]
    command += ["--out", str(run), "--steps", "1", "--size", "64", "--device", "cpu", "--quiet"]
    command += ["--set", f"options.generator={{name: resnet, blocks: 9, width: {args.width}}}"]
    subprocess.run([*startup.TRANSLATE, *command], check=True)
    tensors = load_file(next(run.glob("checkpoints/step-*1/weights.safetensors")))
    prefix = "source_to_target."
    torch.save({k.removeprefix(prefix): t for k, t in tensors.items() if prefix in k}, weights)
    return Setup(root, images, run, weights)


def commands(setup: Setup, args: argparse.Namespace) -> dict[str, list[str]]:
    """Return each command, without the folder of outputs."""
    loop = [sys.executable, str(HERE / "plain_loop.py"), f"--width={args.width}"]
    loop += [f"--device={args.device}"]
    files = [str(setup.weights), str(setup.images)]
    infer = [*startup.TRANSLATE, "infer", "--format=png", f"--device={args.device}", "--quiet"]
    infer += [f"--batch-size={args.batch_size}"]
    run = [str(setup.run), str(setup.images)]
    return {
        "loop": [*loop, *files],
        "loop, outputs only": [*loop, "--outputs-only", *files],
        "infer": [*infer, *run],
        **{f"infer, {name}": [*infer, f"--backend={name}", *run] for name in args.backend},
    }


def time_command(command: Sequence[str], threads: int) -> startup.Duration:
    """Run `command`; return its duration."""
    environment = {**os.environ, **dict.fromkeys(THREADS, str(threads))}
    return startup.time_command(command, environment)


def row(
    name: str,
    seconds: dict[str, list[startup.Duration]],
    outputs: dict[str, Path],
    args: argparse.Namespace,
) -> dict[str, Any]:
    """Return the row of a command."""
    durations = seconds[name][1:]
    ratios = {}
    for loop in ("loop", "loop, outputs only"):
        pairs = list(zip(seconds[loop][1:], durations, strict=True))
        for clock in ("wall", "cpu"):
            by_round = [getattr(of_loop, clock) / getattr(own, clock) for of_loop, own in pairs]
            ratios[f"{clock} time, {loop} to it"] = tables.median_and_quartiles(by_round, 2)
    written = sum(path.stat().st_size for path in outputs[name].glob("????.png"))
    return {
        "command": name,
        "seconds": tables.median_and_quartiles([duration.wall for duration in durations], 2),
        "CPU seconds": tables.median_and_quartiles([duration.cpu for duration in durations], 2),
        **ratios,
        "KB per output": round(written / args.images / 1e3, 1),
        "largest difference": largest_difference(outputs["loop"], outputs[name]),
    }


def time_parts(setup: Setup, args: argparse.Namespace) -> dict[str, float]:
    """Return the milliseconds of decoding, of the network and of encoding PNG, for each image."""
    model, _ = load(setup.run, device=args.device)
    recipe = model.recipe.eval()
    files = sorted(setup.images.iterdir())[:32]
    start = time.perf_counter()
    images = [read_image(file) for file in files]
    decoded = time.perf_counter()
    for image in images:
        encode_image(image, ".png")
    encoded = time.perf_counter()
    pixels = torch.rand(args.batch_size, 3, 256, 256, device=args.device)
    with torch.inference_mode():
        recipe.translate(pixels).cpu()
        warm = time.perf_counter()
        for _ in range(3):
            recipe.translate(pixels).cpu()
    network = (time.perf_counter() - warm) / 3 / args.batch_size
    return {
        "decode": 1000 * (decoded - start) / len(files),
        "network": 1000 * network,
        "encode PNG": 1000 * (encoded - decoded) / len(files),
    }


def largest_difference(folder: Path, other: Path) -> int:
    """Return the largest difference of the images with equal names in two folders."""
    return max(
        int(np.abs(read_image(path).astype(int) - read_image(other / path.name)).max())
        for path in folder.glob("????.png")
    )


if __name__ == "__main__":
    main()
