"""Make the gallery: train each recipe briefly, apply it, write a small sheet of images.

python benchmarks/gallery.py                 every recipe, to docs/gallery/NAME.jpg
python benchmarks/gallery.py cut aae         some of them
python benchmarks/gallery.py --steps 4 --work tmp --sheets tmp/sheets     a trial

The commands are those of gallery_examples.toml, which docs/gallery.md prints. They run in the
folder out/gallery; a recipe that is already trained there is not trained again. Recipes of other
distributions are skipped unless they are named; they must be installed.
"""

import argparse
import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from translate.folders.listing import find_images
from translate.images.domains.levels import scale_dtype
from translate.images.source import read_image

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES: dict[str, dict[str, Any]] = tomllib.loads(
    (ROOT / "benchmarks/gallery_examples.toml").read_text()
)
COUNT = 6
"""Images of a row."""
SIDE, GAP = 104, 4
"""Pixels of an image, and between images."""
SMALL = 48
"""Largest images, in pixels, that are enlarged twice and shown in rows of twelve."""
LIMIT = 40_000
"""Bytes of a sheet, at most."""


def main() -> None:
    """Write the sheets of the recipes that the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", choices=EXAMPLES)
    parser.add_argument("--steps", type=int, help="training steps [those of the example]")
    parser.add_argument("--work", type=Path, default=ROOT / "out/gallery")
    parser.add_argument("--sheets", type=Path, default=ROOT / "docs/gallery")
    args = parser.parse_args()
    for folder in (args.work / "datasets", args.sheets):
        folder.mkdir(parents=True, exist_ok=True)
    built_in = [name for name, example in EXAMPLES.items() if "pip" not in example]
    for name in args.recipes or built_in:
        make_sheet(name, args.work, args.sheets / f"{name}.jpg", args.steps)


def make_sheet(name: str, work: Path, sheet: Path, steps: int | None = None) -> None:
    """Train and apply the recipe `name` in the folder `work`, and write its sheet."""
    example = EXAMPLES[name]
    if not (work / "runs" / name).exists():
        run(example["train"] + (f" --steps {steps}" if steps else ""), work)
    if inputs := example.get("inputs"):
        write_inputs(inputs, work)
    run(example["apply"] + " --overwrite", work)
    write_sheet(sheet, [work / folder for _, folder in example["rows"]])


def run(command: str, work: Path) -> None:
    """Run a command of the program in the folder `work`."""
    program, *words = shlex.split(command)
    print(command, flush=True)
    subprocess.run([sys.executable, "-m", program, *words, "--quiet"], cwd=work, check=True)


def write_inputs(kind: str, work: Path) -> None:
    """Write degraded test images, which a recipe restores, or one test digit of each class."""
    if kind == "digits":
        run("translate datasets draw digits", work)
        paths = [find_images(f)[0] for f in sorted((work / "datasets/digits/test").iterdir())]
    else:
        run("translate datasets draw summer", work)
        paths = find_images(work / "datasets/summer/test")[:COUNT]
    rng = np.random.default_rng(0)
    for index, path in enumerate(paths):
        pixels = scale_dtype(read_image(path), "uint8")
        match kind:
            case "noisy":
                noise = rng.normal(0, 0.1 * 255, pixels.shape)
                pixels = (pixels + noise).round().clip(0, 255).astype(np.uint8)
            case "small":
                pixels = cv2.resize(pixels, None, fx=1 / 4, fy=1 / 4, interpolation=cv2.INTER_AREA)
            case "holes":
                small = cv2.resize(pixels, (64, 64), interpolation=cv2.INTER_AREA)
                alpha = np.full((64, 64, 1), 255, np.uint8)
                alpha[20:44, 12 + 6 * index : 34 + 6 * index] = 0
                pixels = np.concatenate([small, alpha], axis=2)
        prefix = path.parent.name if kind == "digits" else ""
        target = work / "inputs" / kind / f"{prefix}{path.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels).save(target)


def write_sheet(sheet: Path, folders: list[Path]) -> None:
    """Write a row of images for each of `folders`, or the images of one folder in rows."""
    images = [load(folder) for folder in folders]
    count = min(len(row) for row in images)
    small = max(image.shape[0] for row in images for image in row) <= SMALL
    if folders[0].is_file():
        canvas = images[0][0].repeat(2, 0).repeat(2, 1)
    else:
        columns = count // 2 if len(images) == 1 else min(12 if small else COUNT, count)
        rows = images
        if len(images) == 1:
            rows = [images[0][i : i + columns] for i in range(0, count, columns)]
        tiles = [np.hstack([tile(image, small) for image in row[:columns]]) for row in rows]
        canvas = np.vstack(tiles)[:-GAP, :-GAP]
    for quality in range(92, 30, -4):
        Image.fromarray(canvas).save(sheet, quality=quality, optimize=True, progressive=True)
        if sheet.stat().st_size <= LIMIT:
            return
    raise SystemExit(f"{sheet} has {sheet.stat().st_size} bytes; expected at most {LIMIT}")


def load(path: Path) -> list[np.ndarray]:
    """Return the images of a folder, or one image, as (H, W, 3)."""
    paths = [path] if path.is_file() else find_images(path)[:24]
    return [on_white(scale_dtype(read_image(p), "uint8")) for p in paths]


def on_white(pixels: np.ndarray) -> np.ndarray:
    """Return (H, W, 3), with transparent pixels in white."""
    if pixels.shape[2] == 4:
        return np.where(pixels[..., 3:] > 0, pixels[..., :3], 255).astype(np.uint8)
    return pixels.repeat(3, 2) if pixels.shape[2] == 1 else pixels


def tile(image: np.ndarray, small: bool) -> np.ndarray:
    """Return an image at the size of the sheet, with a white gap on two sides."""
    side = 2 * image.shape[0] if small else SIDE
    enlarge = image.shape[0] < side
    interpolation = cv2.INTER_NEAREST if enlarge else cv2.INTER_AREA
    square = cv2.resize(image, (side, side), interpolation=interpolation)
    return np.pad(square, ((0, GAP), (0, GAP), (0, 0)), constant_values=255)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
