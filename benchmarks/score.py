"""Score translated images against their ground truth, next to baselines that do not learn.

python benchmarks/score.py REAL FAKE [--source DIR] [--train DIR] [--size N] [--json FILE]

For the sample domains, after
  translate train --config cyclegan-small
  translate infer runs/cyclegan-summer-winter datasets/summer/test out/winter --size 64
  python benchmarks/score.py datasets/winter/test out/winter --source datasets/summer/test
      --train datasets/winter/train --size 64

REAL and FAKE are matched by path without suffix. REAL, --source and --train are scaled as `infer
--size` scales: the shorter side to N; without --size, to the size of each translated image. All
values are means over images; PSNR and L1 are computed on 8-bit levels, SSIM with a Gaussian window
on each channel (Wang et al., 2004). "PSNR without tint" is computed after the mean error of each
image and channel is subtracted: correcting only a tint does not raise it.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import fidelity
import numpy as np
import tables
from numpy.typing import NDArray

from translate.engine.pixels.processing import scale_shorter_side
from translate.evaluate import baselines
from translate.evaluate.measuring import percentile_interval
from translate.folders import listing
from translate.images.domains.levels import scale_dtype
from translate.images.resize import resize_pixels
from translate.images.source import read_image

Image = NDArray[np.uint8]
REPEATED = 10
"""Training images of the baseline that stands for a collapsed generator."""


class Scores(NamedTuple):
    """Metric values of one image, or their means over images."""

    psnr: float
    """PSNR in dB"""
    ssim: float
    l1: float
    """mean absolute error in levels of 255"""
    psnr_without_tint: float
    """PSNR in dB, after the mean error of each channel is subtracted"""

    def row(self, name: str) -> dict[str, Any]:
        """Return one line of the table."""
        return {
            "images": name,
            "PSNR dB": round(self.psnr, 2),
            "SSIM": round(self.ssim, 4),
            "L1 of 255": round(self.l1, 2),
            "PSNR without tint": round(self.psnr_without_tint, 2),
        }


def main() -> None:
    """Score, and print a table."""
    args = arguments()
    fake = read(args.fake, None)
    real = read(args.real, args.size, like=fake)
    source = read(args.source, args.size, like=fake) if args.source else {}
    train = list(read(args.train, args.size).values()) if args.train else []
    names = sorted(real.keys() & fake.keys())
    if not names:
        raise SystemExit(f"{args.real} and {args.fake} have no name in common.")
    truth, translated = ([images[name] for name in names] for images in (real, fake))
    inputs = [source[name] for name in names] if source else []
    rows = {"translated": translated, **baseline_images(truth, inputs, train)}
    scores = {name: mean_scores(truth, images) for name, images in rows.items()}
    best = max((s for n, s in scores.items() if n != "translated"), default=None)
    gain = f"; {scores['translated'].psnr - best.psnr:+.2f} dB to the best baseline" if best else ""
    each = [fidelity.psnr(image, target) for image, target in zip(translated, truth, strict=True)]
    low, high = bootstrap_interval(each)
    note = f"{len(names)} images of {args.fake} against {args.real}{gain}; "
    note += f"95 % interval of the translated images' PSNR: {low:.2f} to {high:.2f} dB"
    tables.report([value.row(name) for name, value in scores.items()], note, args.json)


def bootstrap_interval(
    values: Sequence[float], *, level: float = 0.95, resamples: int = 10_000, seed: int = 0
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of the mean (Efron, 1979).

    Args:
        values: One metric value for each image.
        level: The confidence level, between 0 and 1.
        resamples: How often `values` are drawn with replacement.
        seed: Equal seeds give equal intervals.
    """
    resampled = np.random.default_rng(seed).choice(values, (resamples, len(values)))
    low, high = percentile_interval(resampled.mean(1), level)
    return float(low), float(high)


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = tables.parser_with_json(__doc__)
    parser.add_argument("real", type=Path, help="folder of the ground truth")
    parser.add_argument("fake", type=Path, help="folder that infer wrote")
    parser.add_argument("--source", type=Path, help="folder that infer read")
    parser.add_argument("--train", type=Path, help="training images of the target domain")
    parser.add_argument("--size", type=int, help="the --size that infer was given")
    return parser.parse_args()


def read(
    folder: Path, shorter: int | None, *, like: Mapping[str, Image] | None = None
) -> dict[str, Image]:
    """Return the images of `folder` by name.

    Args:
        folder: Searched at any depth.
        shorter: Scale the shorter side to this.
        like: Read the names in this mapping only; without `shorter`, resize to its sizes.
    """
    images = {}
    for path in listing.find_images(folder):
        name = str(path.relative_to(folder).with_suffix(""))
        if like is None or name in like:
            pixels = scale_shorter_side(scale_dtype(read_image(path), "uint8"), shorter)
            if like and not shorter:
                pixels = resize_pixels(pixels, like[name].shape[:2])
            images[name] = pixels
    return images


def mean_scores(truth: Sequence[Image], images: Sequence[Image]) -> Scores:
    """Return the means over `images` against `truth`."""
    each = [_scores(*pair) for pair in zip(truth, images, strict=True)]
    return Scores(*(float(np.mean(column)) for column in zip(*each, strict=True)))


def _scores(truth: Image, image: Image) -> Scores:
    if truth.shape != image.shape:
        raise SystemExit(
            f"the ground truth is {truth.shape}, the translated image {image.shape}: "
            "give the --size that infer was given."
        )
    return Scores(
        fidelity.psnr(image, truth),
        fidelity.ssim(image, truth),
        fidelity.l1(image, truth),
        fidelity.psnr_without_tint(image, truth),
    )


def baseline_images(
    truth: Sequence[Image], source: Sequence[Image], train: Sequence[Image]
) -> dict[str, list[Image]]:
    """Return the outputs of baselines that use only `source`, or only the training images."""
    rows: dict[str, list[Image]] = {}
    if source:
        rows["untouched input"] = list(source)
        rows["input, colours shifted by the best constant"] = baselines.shift_colours(source, truth)
    if train:
        small = [baselines.resize_and_crop(image, truth[0].shape[:2]) for image in train]
        sizes = [image.shape[:2] for image in truth]
        mean = baselines.mean_image(small)
        rows["mean training image"] = [baselines.resize_and_crop(mean, size) for size in sizes]
        repeated = baselines.repeat_images(small, len(truth), different=REPEATED)
        rows[f"{REPEATED} training images repeated"] = [
            baselines.resize_and_crop(image, size)
            for image, size in zip(repeated, sizes, strict=True)
        ]
    if source and train:
        transferred = baselines.transfer_colour_statistics(source, small)
        rows["channel means and deviations of training"] = transferred
    return rows


if __name__ == "__main__":
    main()
