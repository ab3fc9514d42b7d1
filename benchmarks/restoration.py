"""Score runs of srgan, inpaint and restore on pictures that were whole, beside who learnt nothing.

python benchmarks/restoration.py RUN WHOLE OUT [--size N] [--libjpeg QUALITY] [--json FILE]

WHOLE is a folder of pictures that training never saw, such as ../shared/data/horse2zebra/testB;
--size first shrinks them, the shorter side to N. OUT gets what is given to the run, made of them
by the public functions of the method, always from one seed; what `translate infer` makes of that;
and sheet.png: given | the best baseline | drawn | whole. With --libjpeg, a run of restore is given
what Pillow squeezes. Figures are those of score.py; an inpainted picture's PSNR and L1 are those of
its hole. "seen" is the loss `perceptual`, and "seen deeper" that of blocks 10 and 15, which no
recipe trains with.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import score
import sheet
import tables
import torch
from numpy.typing import NDArray
from PIL import Image
from score import Picture

from translate.engine.config import yaml
from translate.images.encode import write_image
from translate.images.tensors import as_tensor, from_device, to_device
from translate.nn.noise import seeded
from translate.registry import create_loss
from translate_plugins.inpaint.flow import flowed
from translate_plugins.inpaint.holes import random_holes
from translate_plugins.restore.damage import Damage
from translate_plugins.srgan import downscale

EYES: Mapping[str, Any] = {
    "seen": "perceptual",
    "seen deeper": {"name": "perceptual", "layers": [10, 15]},
}
Rows = dict[str, list[Picture]]


class Task(NamedTuple):
    """What a run is asked to do."""

    truth: Sequence[Picture]
    given: Sequence[Picture]
    baselines: Mapping[str, Sequence[Picture]]
    holes: Sequence[Picture] = ()
    """(H, W), 255 in the hole; none where nothing is filled"""


def main() -> None:
    """Make what is given, translate it, score and draw."""
    asked = arguments()
    out, pictures = asked.out, score.read(asked.whole, asked.size)
    names, task = list(pictures), posed(asked, list(pictures.values()))
    flags = ["--mask", save(task.holes, names, out / "masks")] if task.holes else []
    drawn = translated(asked.run, save(task.given, names, out / "given"), out, flags)
    rows = {"drawn": [drawn[name] for name in names], **task.baselines}
    scores = [{"pictures": n, **marks(task.truth, found, task.holes)} for n, found in rows.items()]
    best = max(scores[1:], key=lambda line: line["PSNR dB"])
    save(rows[best["pictures"]], names, out / "baseline")
    save(task.truth, names, out / "whole")
    sheet.main(out / "sheet.png", *(out / n for n in ("given", "baseline", "drawn", "whole")))
    gain = f"{scores[0]['PSNR dB'] - best['PSNR dB']:+.2f} dB to {best['pictures']}"
    tables.report(scores, f"{len(names)} pictures of {asked.whole}; {gain}", asked.json)


def posed(asked: argparse.Namespace, truth: list[Picture]) -> Task:
    """Return what `asked.run` was trained to do, on `truth`."""
    run = yaml.parse((asked.run / "config.yaml").read_text(), "config.yaml")
    options = run["options"]
    match run["recipe"]:
        case "srgan":
            factor = options["factor"]
            truth = [divisible(picture, factor) for picture in truth]
            given = made(truth, lambda whole: downscale(whole, factor))
            return Task(truth, given, enlarged(given, factor))
        case "inpaint":
            holes = [mask[..., 0] for mask in made(truth, lambda whole: mask_of(whole, options))]
            given = [painted(p, h, np.uint8(128)) for p, h in zip(truth, holes, strict=True)]
            return Task(truth, given, filled(given, holes), holes)
        case "restore" if asked.libjpeg:
            given = [libjpeg(picture, asked.libjpeg) for picture in truth]
            return Task(truth, given, mended(given))
        case "restore":
            given = made(truth, Damage(options["damage"]))
            return Task(truth, given, mended(given))
        case other:
            raise SystemExit(f"{asked.run} is a run of {other}, not of srgan, inpaint or restore.")


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("run", type=Path, help="of srgan, inpaint or restore")
    parser.add_argument("whole", type=Path, help="pictures that training never saw")
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", type=int, help="shrink them first")
    parser.add_argument("--libjpeg", type=int, help="restore: squeezed at this quality instead")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


# -- what is given ---------------------------------------------------------------------------------


def made(
    pictures: Sequence[Picture], change: Callable[[torch.Tensor], torch.Tensor]
) -> list[Picture]:
    """Return what `change` makes of each, (1, C, H, W) in [-1, 1], from one seed."""
    with seeded(0):
        return [from_device(change(tensor(picture)))[0] for picture in pictures]


def tensor(picture: Picture) -> torch.Tensor:
    """Return it as (1, 3, H, W) in [-1, 1]."""
    return to_device(as_tensor(picture)[None], "cpu")


def mask_of(whole: torch.Tensor, options: Mapping[str, Any]) -> torch.Tensor:
    """Return (1, 1, H, W), 1 in a hole such as those of training and -1 outside."""
    return random_holes(whole, tuple(options["share"]), options["strokes"]) * 2.0 - 1


def divisible(picture: Picture, factor: int) -> Picture:
    """Return it without the pixels on the right and below that are no whole small pixel."""
    height, width = (side // factor * factor for side in picture.shape[:2])
    return picture[:height, :width]


def libjpeg(picture: Picture, quality: int) -> Picture:
    """Return what a JPEG file of it holds, its colours at half the size."""
    file = BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    return np.array(Image.open(file))


# -- who learnt nothing ----------------------------------------------------------------------------


def enlarged(small: Sequence[Picture], factor: int) -> Rows:
    """Return each enlarged by interpolation, Pillow's and OpenCV's."""
    ways: dict[str, Callable[[Picture, tuple[int, int]], Picture]] = {
        "nearest": lambda p, size: cv2.resize(p, size, interpolation=cv2.INTER_NEAREST),
        "bicubic (Pillow)": lambda p, size: pillow(p, size, Image.Resampling.BICUBIC),
        "bicubic (OpenCV)": lambda p, size: cv2.resize(p, size, interpolation=cv2.INTER_CUBIC),
        "Lanczos (Pillow)": lambda p, size: pillow(p, size, Image.Resampling.LANCZOS),
    }
    sizes = [(p.shape[1] * factor, p.shape[0] * factor) for p in small]
    return {
        name: [way(p, size) for p, size in zip(small, sizes, strict=True)]
        for name, way in ways.items()
    }


def pillow(picture: Picture, size: tuple[int, int], way: Image.Resampling) -> Picture:
    """Return it as Pillow scales it."""
    return np.asarray(Image.fromarray(picture).resize(size, way))


def filled(given: Sequence[Picture], holes: Sequence[Picture]) -> Rows:
    """Return each with its hole filled by one colour, or from its rim by formulas."""

    def telea(picture: Picture, hole: Picture) -> Picture:
        return cv2.inpaint(picture, hole, 3, cv2.INPAINT_TELEA)

    def navier_stokes(picture: Picture, hole: Picture) -> Picture:
        return cv2.inpaint(picture, hole, 3, cv2.INPAINT_NS)

    def smooth(picture: Picture, hole: Picture) -> Picture:
        missing = torch.from_numpy(hole > 0)[None, None]
        return from_device(flowed(tensor(picture), missing))[0]

    ways = {
        "mean of the picture": mean_filled,
        "mean of the surroundings": rim_filled,
        "OpenCV, Telea": telea,
        "OpenCV, Navier-Stokes": navier_stokes,
        "fill: smooth, no network": smooth,
    }
    pairs = list(zip(given, holes, strict=True))
    return {name: [way(*pair) for pair in pairs] for name, way in ways.items()}


def mean_filled(picture: Picture, hole: Picture) -> Picture:
    """Fill with the mean of all that is known."""
    return painted(picture, hole, mean(picture, hole == 0))


def rim_filled(picture: Picture, hole: Picture) -> Picture:
    """Fill with the mean of the known pixels that are at most three away."""
    near = cv2.dilate(hole, np.ones((7, 7), np.uint8)) > 0
    return painted(picture, hole, mean(picture, near & (hole == 0)))


def mean(picture: Picture, where: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the mean colour of what is true in `where`."""
    return np.rint(picture[where].mean(0)).astype(np.uint8)


def painted(picture: Picture, hole: Picture, colour: Any) -> Picture:
    """Fill with one colour."""
    return np.where(hole[..., None] > 0, colour, picture)


def mended(given: Sequence[Picture]) -> Rows:
    """Return what is given as it is, and smoothed a little or more."""
    smoothed = {
        f"blurred by {sigma} px": [cv2.GaussianBlur(p, (0, 0), sigma) for p in given]
        for sigma in (0.6, 0.8, 1.0)
    }
    means = {
        f"OpenCV, non-local means, {level}": [
            cv2.fastNlMeansDenoisingColored(p, None, level, level, 7, 21) for p in given
        ]
        for level in (10, 20)
    }
    return {"untouched": list(given), **smoothed, **means}


# -- figures ---------------------------------------------------------------------------------------


def marks(
    truth: Sequence[Picture], found: Sequence[Picture], holes: Sequence[Picture]
) -> dict[str, Any]:
    """Return the figures of `found`: of whole pictures, or of their holes."""
    value = score.score(truth, found)
    figures = score.row("", value)
    del figures["pictures"]
    if holes:
        figures = {**of_holes(truth, found, holes), "SSIM": figures["SSIM"]}
    pairs = [(tensor(t), tensor(f)) for t, f in zip(truth, found, strict=True)]
    with torch.no_grad():
        for name, eye in EYES.items():
            look = create_loss(eye)
            figures[name] = round(float(np.mean([look(*pair) for pair in pairs])), 1)
    return figures


def of_holes(
    truth: Sequence[Picture], found: Sequence[Picture], holes: Sequence[Picture]
) -> dict[str, float]:
    """Return PSNR and L1 within the holes, means over pictures."""
    apart = [t[h > 0].astype(float) - f[h > 0] for t, f, h in zip(truth, found, holes, strict=True)]
    errors = [max(float(np.square(a).mean()), 1e-10) for a in apart]
    psnr = np.mean([10 * np.log10(255**2 / error) for error in errors])
    l1 = np.mean([np.abs(a).mean() for a in apart])
    return {"PSNR dB": round(float(psnr), 2), "L1 of 255": round(float(l1), 2)}


# -- files -----------------------------------------------------------------------------------------


def save(pictures: Sequence[Picture], names: Sequence[str], folder: Path) -> Path:
    """Write `pictures` into `folder`, as PNG."""
    for name, pixels in zip(names, pictures, strict=True):
        write_image(folder / f"{name}.png", pixels if pixels.ndim == 3 else pixels[..., None])
    return folder


def translated(run: Path, given: Path, out: Path, flags: Sequence[Any]) -> dict[str, Picture]:
    """Return what `translate infer` makes of `given`, by name."""
    asked = ["infer", run, given, out / "drawn", "--overwrite", *flags]
    subprocess.run([sys.executable, "-m", "translate", *map(str, asked)], check=True)
    return score.read(out / "drawn", None)


if __name__ == "__main__":
    main()
