"""Train pix2pix on facades for some minutes by the public command, translate and score.

python benchmarks/facades.py [--config pix2pix-facades-small] [--minutes 10] [--size 128]

Without --config it is pix2pix as published, at this size. A run that is not complete after the
minutes is interrupted as by Ctrl-C, which saves it first. `--out` (out/facades) gets the run, the
validation images, and sheet.png: labels | translated | photo. Scores are those of score.py, next to
those of the mean training photo and of the label map itself.
"""

import argparse
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import score
import sheet
import tables

from translate.engine.pixels.processing import scale_shorter_side
from translate.folders import listing
from translate.images.encode import write_image
from translate.images.source import read_image

TRANSLATE = [sys.executable, "-m", "translate"]
SIDES = ("photo", "labels")


def main() -> None:
    """Train, translate, score and write the sheet."""
    args = arguments()
    out = args.out
    started = time.monotonic()
    steps = train(args, out / "run")
    minutes = (time.monotonic() - started) / 60
    infer = ["infer", str(out / "run"), str(args.data / "val"), str(out / "translated")]
    infer += ["--side", "labels", "--size", str(args.size), "--format", "png", "--overwrite"]
    subprocess.run([*TRANSLATE, *infer], check=True)

    photos, labels = (read_half(args.data / "val", side, args.size) for side in SIDES)
    for name, images in (("photo", photos), ("labels", labels)):
        save(images, out / name)
    translated = score.read(out / "translated", None)
    names = sorted(photos.keys() & translated.keys())
    truth = [photos[name] for name in names]
    training = list(read_half(args.data / "train", "photo", args.size).values())
    baselines = score.baseline_images(truth, [], training)
    rows = {
        "translated": [translated[name] for name in names],
        "label map itself": [labels[name] for name in names],
        **baselines,
    }
    sheet.main(out / "sheet.png", out / "labels", out / "translated", out / "photo")
    tables.report(
        [score.mean_scores(truth, images).row(name) for name, images in rows.items()],
        f"{len(names)} facades at {args.size} px after {minutes:.1f} minutes, {steps} steps; "
        f"{out / 'sheet.png'}: labels | translated | photo",
        args.json,
    )


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = tables.parser_with_json(__doc__)
    parser.add_argument("--config")
    parser.add_argument(
        "--steps",
        type=int,
        help="training steps [those of the configuration, or as many as the minutes allow]",
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="longest training time")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/facades"))
    parser.add_argument("--out", type=Path, default=Path("out/facades"))
    parser.add_argument("--set", dest="settings", action="append", default=[])
    return parser.parse_args()


def train(args: argparse.Namespace, run: Path) -> str:
    """Train for the given minutes, including start-up; return the step reached."""
    shutil.rmtree(run, ignore_errors=True)
    command = [*TRANSLATE, "train", "--data", str(args.data), "--out", str(run)]
    command += ["--config", args.config] if args.config else ["--plugin", "pix2pix"]
    if steps := args.steps or (None if args.config else 1_000_000):
        command += ["--steps", str(steps)]
    command += ["--size", str(args.size)]
    for setting in ("data.layout={name: side-by-side, sides: [photo, labels]}", *args.settings):
        command += ["--set", setting]
    process = subprocess.Popen([*command, "--domains", "labels", "photo"])
    end = time.monotonic() + 60 * args.minutes
    while time.monotonic() < end and process.poll() is None:
        time.sleep(0.1)
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    if process.wait() not in (0, 128 + signal.SIGINT):
        raise SystemExit(f"training ended with {process.returncode}")
    saved = sorted((run / "checkpoints").glob("step-*"))
    return saved[-1].name.removeprefix("step-").lstrip("0") or "0"


def read_half(folder: Path, side: str, size: int) -> dict[str, score.Image]:
    """Return one side of the joined pairs in `folder`, scaled as `infer --side --size` scales."""
    images = {}
    for path in listing.find_images(folder):
        joined = read_image(path)
        middle = joined.shape[1] // 2
        pixels = joined[:, :middle] if side == SIDES[0] else joined[:, middle:]
        images[path.stem] = scale_shorter_side(pixels, size)
    return images


def save(images: Mapping[str, score.Image], folder: Path) -> None:
    """Write `images` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, pixels in images.items():
        write_image(folder / f"{name}.png", pixels)


if __name__ == "__main__":
    main()
