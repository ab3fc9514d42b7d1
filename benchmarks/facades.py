"""Train pix2pix on facades for some minutes by the public command, translate, score and draw.

python benchmarks/facades.py [--config pix2pix-facades-small] [--minutes 10] [--size 128]

Without --config it is pix2pix as published, at this size. A run that is not done after the minutes
is ended by an interrupt, as by Ctrl-C, which saves it first; `--out` (out/facades) gets
the run, the 60 validation pictures, and sheet.png: labels | translated | photo. Scores are those of
score.py, beside the mean training photo and the label map itself.
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

from translate.engine.inference.processing import scaled
from translate.folders import listing
from translate.images.decode import read_image
from translate.images.encode import write_image

TRANSLATE = [sys.executable, "-m", "translate"]
SIDES = ("photo", "labels")


def main() -> None:
    """Train, translate, score and draw."""
    asked = arguments()
    out = asked.out
    begun = time.monotonic()
    steps = train(asked, out / "run")
    minutes = (time.monotonic() - begun) / 60
    infer = ["infer", str(out / "run"), str(asked.data / "val"), str(out / "translated")]
    infer += ["--side", "labels", "--size", str(asked.size), "--format", "png", "--overwrite"]
    subprocess.run([*TRANSLATE, *infer], check=True)

    photos, labels = (half(asked.data / "val", side, asked.size) for side in SIDES)
    for name, pictures in (("photo", photos), ("labels", labels)):
        save(pictures, out / name)
    drawn = score.read(out / "translated", None)
    names = sorted(photos.keys() & drawn.keys())
    truth = [photos[name] for name in names]
    training = list(half(asked.data / "train", "photo", asked.size).values())
    mean = score.baselines(truth, [], training)
    rows = {
        "translated": [drawn[name] for name in names],
        "label map itself": [labels[name] for name in names],
        **mean,
    }
    sheet.main(out / "sheet.png", out / "labels", out / "translated", out / "photo")
    tables.report(
        [score.row(name, score.score(truth, pictures)) for name, pictures in rows.items()],
        f"{len(names)} facades at {asked.size} px after {minutes:.1f} minutes, {steps} steps; "
        f"{out / 'sheet.png'}: labels | translated | photo",
        asked.json,
    )


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--config")
    parser.add_argument("--steps", type=int, help="the configuration's, or a great many")
    parser.add_argument("--minutes", type=float, default=10.0, help="at most")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/facades"))
    parser.add_argument("--out", type=Path, default=Path("out/facades"))
    parser.add_argument("--set", dest="settings", action="append", default=[])
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def train(asked: argparse.Namespace, run: Path) -> str:
    """Train for the minutes that were asked for, start-up included; return the step reached."""
    shutil.rmtree(run, ignore_errors=True)
    command = [*TRANSLATE, "train", "--data", str(asked.data), "--out", str(run)]
    command += ["--config", asked.config] if asked.config else ["--plugin", "pix2pix"]
    if steps := asked.steps or (None if asked.config else 1_000_000):
        command += ["--steps", str(steps)]
    command += ["--size", str(asked.size)]
    for setting in ("data.layout=side-by-side", "data.sides=[photo, labels]", *asked.settings):
        command += ["--set", setting]
    process = subprocess.Popen([*command, "--domains", "labels", "photo"])
    end = time.monotonic() + 60 * asked.minutes
    while time.monotonic() < end and process.poll() is None:
        time.sleep(0.1)
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    if process.wait() not in (0, 128 + signal.SIGINT):
        raise SystemExit(f"training ended with {process.returncode}")
    saved = sorted((run / "checkpoints").glob("step-*"))
    return saved[-1].name.removeprefix("step-").lstrip("0") or "0"


def half(folder: Path, side: str, size: int) -> dict[str, score.Picture]:
    """Return one side of the joined pairs in `folder`, scaled as `infer --side --size` scales."""
    found = {}
    for path in listing.find_images(folder):
        joined = read_image(path)
        middle = joined.shape[1] // 2
        pixels = joined[:, :middle] if side == SIDES[0] else joined[:, middle:]
        found[path.stem] = scaled(pixels, size)
    return found


def save(pictures: Mapping[str, score.Picture], folder: Path) -> None:
    """Write `pictures` into `folder`, for the sheet."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, pixels in pictures.items():
        write_image(folder / f"{name}.png", pixels)


if __name__ == "__main__":
    main()
