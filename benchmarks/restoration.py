"""Score runs of srgan, inpaint and restore on clean images, next to baselines without learning.

python benchmarks/restoration.py RUN CLEAN OUT [--size N] [--libjpeg QUALITY] [--json FILE]

CLEAN is a folder of images that training did not use, such as ../shared/data/horse2zebra/testB;
--size first shrinks them, the shorter side to N. The inputs are degraded by the public
functions of the method, always with one seed. OUT gets the inputs, the outputs of `translate infer`
and sheet.png: input | best baseline | restored | clean. With --libjpeg, a run of restore gets
JPEG files of Pillow as input. The values are those of score.py; PSNR and L1 of inpainted images
are those of the hole alone. "perceptual" is the loss of that name, and "perceptual, deep" the same
loss of blocks 10 and 15, with which no recipe is trained.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import fidelity
import numpy as np
import PIL.Image
import score
import sheet
import tables
import torch
from numpy.typing import NDArray
from score import Image

from translate.engine.config import yaml_text
from translate.images.encode import write_image
from translate.images.tensors import as_tensor, from_device, to_device
from translate.nn.noise import temporary_seed
from translate.registry import create_loss
from translate_plugins.inpaint.harmonic_fill import harmonic_fill
from translate_plugins.inpaint.holes import random_holes
from translate_plugins.restore.degradations import DegradationChain
from translate_plugins.srgan import downscale

PERCEPTUAL: Mapping[str, Any] = {
    "perceptual": "perceptual",
    "perceptual, deep": {"name": "perceptual", "layers": [10, 15]},
}
Rows = dict[str, list[Image]]


class Task(NamedTuple):
    """Inputs of a run, their ground truth, and the outputs of baselines."""

    truth: Sequence[Image]
    inputs: Sequence[Image]
    baselines: Mapping[str, Sequence[Image]]
    holes: Sequence[Image] = ()
    """(H, W), 255 in the hole; empty where nothing is inpainted"""


def main() -> None:
    """Make the inputs, restore, score and write the sheet."""
    args = arguments()
    out, images = args.out, score.read(args.clean, args.size)
    names, task = list(images), create_task(args, list(images.values()))
    flags = ["--mask", save(task.holes, names, out / "masks")] if task.holes else []
    restored = restore(args.run, save(task.inputs, names, out / "input"), out, flags)
    rows = {"restored": [restored[name] for name in names], **task.baselines}
    values = [{"images": n, **measure(task.truth, row, task.holes)} for n, row in rows.items()]
    best = max(values[1:], key=lambda line: line["PSNR dB"])
    save(rows[best["images"]], names, out / "baseline")
    save(task.truth, names, out / "clean")
    columns = ("input", "baseline", "restored", "clean")
    sheet.main(out / "sheet.png", *(out / name for name in columns))
    gain = f"{values[0]['PSNR dB'] - best['PSNR dB']:+.2f} dB to {best['images']}"
    tables.report(values, f"{len(names)} images of {args.clean}; {gain}", args.json)


def create_task(args: argparse.Namespace, truth: list[Image]) -> Task:
    """Return the task that `args.run` was trained for, on `truth`."""
    run = yaml_text.parse((args.run / "config.yaml").read_text(), "config.yaml")
    options = run["options"]
    match run["recipe"]:
        case "srgan":
            factor = options["scale"]
            truth = [crop_to_multiple(image, factor) for image in truth]
            inputs = degrade(truth, lambda clean: downscale(clean, factor))
            return Task(truth, inputs, enlarge(inputs, factor))
        case "inpaint":
            masks = degrade(truth, lambda clean: random_mask(clean, options))
            holes = [mask[..., 0] for mask in masks]
            inputs = [fill(p, h, np.uint8(128)) for p, h in zip(truth, holes, strict=True)]
            return Task(truth, inputs, fill_holes(inputs, holes), holes)
        case "restore" if args.libjpeg:
            inputs = [compress(image, args.libjpeg) for image in truth]
            return Task(truth, inputs, smooth(inputs))
        case "restore":
            inputs = degrade(truth, DegradationChain(options["degradations"]))
            return Task(truth, inputs, smooth(inputs))
        case other:
            expected = "expected a run of srgan, inpaint or restore"
            raise SystemExit(f"{args.run}: {expected}, not {other}.")


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = tables.parser_with_json(__doc__)
    parser.add_argument("run", type=Path, help="a run of srgan, inpaint or restore")
    parser.add_argument("clean", type=Path, help="a folder of images that training did not use")
    parser.add_argument("out", type=Path, help="the folder for all results")
    parser.add_argument("--size", type=int, help="first scale the shorter side to this")
    parser.add_argument(
        "--libjpeg", type=int, help="restore: inputs are JPEG files of this quality"
    )
    return parser.parse_args()


# -- inputs ----------------------------------------------------------------------------------------


def degrade(images: Sequence[Image], change: Callable[[torch.Tensor], torch.Tensor]) -> list[Image]:
    """Apply `change` to each image, (1, C, H, W) in [-1, 1], with a fixed seed."""
    with temporary_seed(0):
        return [from_device(change(tensor(image)))[0] for image in images]


def tensor(image: Image) -> torch.Tensor:
    """Return `image` as (1, 3, H, W) in [-1, 1]."""
    return to_device(as_tensor(image)[None], "cpu")


def random_mask(clean: torch.Tensor, options: Mapping[str, Any]) -> torch.Tensor:
    """Return (1, 1, H, W): 1 in a random hole like those of training, -1 outside."""
    holes = random_holes(clean, tuple(options["hole_fraction"]), options["stroke_fraction"])
    return holes * 2.0 - 1


def crop_to_multiple(image: Image, factor: int) -> Image:
    """Return `image` cropped on the right and at the bottom to multiples of `factor`."""
    height, width = (side // factor * factor for side in image.shape[:2])
    return image[:height, :width]


def compress(image: Image, quality: int) -> Image:
    """Return `image` after JPEG compression, with chroma at half the resolution."""
    file = BytesIO()
    PIL.Image.fromarray(image).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    return np.array(PIL.Image.open(file))


# -- baselines -------------------------------------------------------------------------------------


def enlarge(images: Sequence[Image], factor: int) -> Rows:
    """Return the images enlarged by each interpolation of Pillow and OpenCV."""
    methods: dict[str, Callable[[Image, tuple[int, int]], Image]] = {
        "nearest": lambda p, size: cv2.resize(p, size, interpolation=cv2.INTER_NEAREST),
        "bicubic (Pillow)": lambda p, size: resample(p, size, PIL.Image.Resampling.BICUBIC),
        "bicubic (OpenCV)": lambda p, size: cv2.resize(p, size, interpolation=cv2.INTER_CUBIC),
        "Lanczos (Pillow)": lambda p, size: resample(p, size, PIL.Image.Resampling.LANCZOS),
    }
    sizes = [(p.shape[1] * factor, p.shape[0] * factor) for p in images]
    return {
        name: [method(p, size) for p, size in zip(images, sizes, strict=True)]
        for name, method in methods.items()
    }


def resample(image: Image, size: tuple[int, int], method: PIL.Image.Resampling) -> Image:
    """Return `image` as Pillow scales it to (width, height)."""
    return np.asarray(PIL.Image.fromarray(image).resize(size, method))


def fill_holes(images: Sequence[Image], holes: Sequence[Image]) -> Rows:
    """Return the images with their holes filled by each method without learning."""

    def telea(image: Image, hole: Image) -> Image:
        return cv2.inpaint(image, hole, 3, cv2.INPAINT_TELEA)

    def navier_stokes(image: Image, hole: Image) -> Image:
        return cv2.inpaint(image, hole, 3, cv2.INPAINT_NS)

    def harmonic(image: Image, hole: Image) -> Image:
        is_missing = torch.from_numpy(hole > 0)[None, None]
        return from_device(harmonic_fill(tensor(image), is_missing))[0]

    methods = {
        "mean of the image": fill_with_mean,
        "mean of the surroundings": fill_with_surroundings,
        "OpenCV, Telea": telea,
        "OpenCV, Navier-Stokes": navier_stokes,
        "fill: smooth, no network": harmonic,
    }
    pairs = list(zip(images, holes, strict=True))
    return {name: [method(*pair) for pair in pairs] for name, method in methods.items()}


def fill_with_mean(image: Image, hole: Image) -> Image:
    """Fill with the mean of all known pixels."""
    return fill(image, hole, mean_colour(image, hole == 0))


def fill_with_surroundings(image: Image, hole: Image) -> Image:
    """Fill with the mean of the known pixels that are at most three away."""
    is_near = cv2.dilate(hole, np.ones((7, 7), np.uint8)) > 0
    return fill(image, hole, mean_colour(image, is_near & (hole == 0)))


def mean_colour(image: Image, mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the mean colour where `mask` is true."""
    return np.rint(image[mask].mean(0)).astype(np.uint8)


def fill(image: Image, hole: Image, colour: Any) -> Image:
    """Fill with one colour."""
    return np.where(hole[..., None] > 0, colour, image)


def smooth(images: Sequence[Image]) -> Rows:
    """Return the images untouched, blurred, and denoised by non-local means."""
    blurred = {
        f"blurred by {sigma} px": [cv2.GaussianBlur(p, (0, 0), sigma) for p in images]
        for sigma in (0.6, 0.8, 1.0)
    }
    denoised = {
        f"OpenCV, non-local means, {level}": [
            cv2.fastNlMeansDenoisingColored(p, None, level, level, 7, 21) for p in images
        ]
        for level in (10, 20)
    }
    return {"untouched": list(images), **blurred, **denoised}


# -- values ---------------------------------------------------------------------------------------


def measure(
    truth: Sequence[Image], images: Sequence[Image], holes: Sequence[Image]
) -> dict[str, Any]:
    """Return the metrics of whole images, or of their holes if there are any."""
    values = score.mean_scores(truth, images).row("")
    del values["images"]
    if holes:
        values = {**measure_holes(truth, images, holes), "SSIM": values["SSIM"]}
    pairs = [(tensor(t), tensor(f)) for t, f in zip(truth, images, strict=True)]
    with torch.no_grad():
        for name, selection in PERCEPTUAL.items():
            loss = create_loss(selection)
            values[name] = round(float(np.mean([loss(*pair) for pair in pairs])), 1)
    return values


def measure_holes(
    truth: Sequence[Image], images: Sequence[Image], holes: Sequence[Image]
) -> dict[str, float]:
    """Return PSNR and L1 within the holes, means over images."""
    inside = [(f[h > 0], t[h > 0]) for t, f, h in zip(truth, images, holes, strict=True)]
    psnr = np.mean([fidelity.psnr(*pair) for pair in inside])
    l1 = np.mean([fidelity.l1(*pair) for pair in inside])
    return {"PSNR dB": round(float(psnr), 2), "L1 of 255": round(float(l1), 2)}


# -- files -----------------------------------------------------------------------------------------


def save(images: Sequence[Image], names: Sequence[str], folder: Path) -> Path:
    """Write `images` into `folder`, as PNG."""
    for name, pixels in zip(names, images, strict=True):
        write_image(folder / f"{name}.png", pixels if pixels.ndim == 3 else pixels[..., None])
    return folder


def restore(run: Path, source: Path, out: Path, flags: Sequence[Any]) -> dict[str, Image]:
    """Return the outputs of `translate infer` for `source`, by name."""
    command = ["infer", run, source, out / "restored", "--overwrite", *flags]
    subprocess.run([sys.executable, "-m", "translate", *map(str, command)], check=True)
    return score.read(out / "restored", None)


if __name__ == "__main__":
    main()
