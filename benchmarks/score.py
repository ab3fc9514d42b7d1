"""Score translated pictures against their hidden truth, beside baselines that translate nothing.

python benchmarks/score.py REAL FAKE [--source DIR] [--train DIR] [--size N] [--json FILE]

For the sample domains, after
  translate train --config cyclegan-small
  translate infer runs/cyclegan-summer-winter datasets/summer/test out/winter --size 64
  python benchmarks/score.py datasets/winter/test out/winter --source datasets/summer/test
      --train datasets/winter/train --size 64

REAL and FAKE are matched by path without suffix. REAL, --source and --train are scaled as `infer
--size` scales, the shorter side to N; without it, to the size of each translated picture. PSNR and
L1 are of bytes, means over pictures; SSIM is scikit-image's, with the gaussian window of Wang et
al. (2004) on each channel. "PSNR untinted" is taken after each picture's mean error, channel by
channel, is taken off: a tint alone, which a constant undoes, gains nothing there.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tables
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from translate.engine.inference.processing import scaled
from translate.folders import listing
from translate.images.decode import read_image
from translate.images.resize import resize_pixels
from translate.images.tensors import to_uint8

Picture = NDArray[np.uint8]
REPEATED = 10
"""training pictures of the last baseline, a generator that collapsed"""


class Score(NamedTuple):
    """Means over pictures."""

    psnr: float
    """dB"""
    ssim: float
    l1: float
    """levels of 255"""
    untinted: float
    """dB, once the mean error of each channel of each picture is taken off"""


def main() -> None:
    """Score, and print a table."""
    asked = arguments()
    fake = read(asked.fake, None)
    real = read(asked.real, asked.size, like=fake)
    source = read(asked.source, asked.size, like=fake) if asked.source else {}
    train = list(read(asked.train, asked.size).values()) if asked.train else []
    names = sorted(real.keys() & fake.keys())
    if not names:
        raise SystemExit(f"{asked.real} and {asked.fake} have no name in common.")
    truth = [real[name] for name in names]
    before = [source[name] for name in names] if source else []
    rows = {"translated": [fake[name] for name in names], **baselines(truth, before, train)}
    scores = {name: score(truth, pictures) for name, pictures in rows.items()}
    best = max((s for n, s in scores.items() if n != "translated"), default=None)
    gain = f"; {scores['translated'].psnr - best.psnr:+.2f} dB to the best baseline" if best else ""
    tables.report(
        [row(name, value) for name, value in scores.items()],
        f"{len(names)} pictures of {asked.fake} against {asked.real}{gain}",
        asked.json,
    )


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("real", type=Path, help="the hidden truth")
    parser.add_argument("fake", type=Path, help="what infer wrote")
    parser.add_argument("--source", type=Path, help="what infer read")
    parser.add_argument("--train", type=Path, help="training pictures of the target domain")
    parser.add_argument("--size", type=int, help="as given to infer")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def read(
    folder: Path, shorter: int | None, *, like: Mapping[str, Picture] | None = None
) -> dict[str, Picture]:
    """Return the pictures of `folder` by name, scaled to `shorter`, or as those of `like` are."""
    found = {}
    for path in listing.find_images(folder):
        name = str(path.relative_to(folder).with_suffix(""))
        if like is None or name in like:
            pixels = scaled(to_uint8(read_image(path)), shorter)
            if like and not shorter:
                pixels = resize_pixels(pixels, like[name].shape[:2])
            found[name] = pixels
    return found


def score(truth: Sequence[Picture], drawn: Sequence[Picture]) -> Score:
    """Return the means over pictures of `drawn` against `truth`."""
    each = [_score(*pair) for pair in zip(truth, drawn, strict=True)]
    return Score(*(float(np.mean(column)) for column in zip(*each, strict=True)))


def _score(truth: Picture, drawn: Picture) -> Score:
    if truth.shape != drawn.shape:
        raise SystemExit(f"truth is {truth.shape}, translated {drawn.shape}: give infer's --size.")
    apart = truth.astype(float) - drawn
    ssim = structural_similarity(
        truth,
        drawn,
        channel_axis=2,
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    untinted = apart - apart.mean((0, 1))
    return Score(_psnr(apart), float(ssim), float(np.abs(apart).mean()), _psnr(untinted))


def _psnr(apart: NDArray[np.float64]) -> float:
    error = max(float(np.square(apart).mean()), 1e-10)
    return float(10 * np.log10(255**2 / error))


def row(name: str, value: Score) -> dict[str, Any]:
    """Return one line of the table."""
    return {
        "pictures": name,
        "PSNR dB": round(value.psnr, 2),
        "SSIM": round(value.ssim, 4),
        "L1 of 255": round(value.l1, 2),
        "PSNR untinted": round(value.untinted, 2),
    }


def baselines(
    truth: Sequence[Picture], source: Sequence[Picture], train: Sequence[Picture]
) -> dict[str, list[Picture]]:
    """Return what those would draw who know only `source`, or only the training pictures."""
    drawn: dict[str, list[Picture]] = {}
    if source:
        pairs = zip(truth, source, strict=True)
        shift = np.mean([t.mean((0, 1)) - s.mean((0, 1)) for t, s in pairs], axis=0)
        drawn["untouched input"] = list(source)
        drawn["input, colours shifted by the best constant"] = [_bytes(s + shift) for s in source]
    if train:
        small = [fitted(t, truth[0].shape[:2]) for t in train]
        mean = np.mean(small, axis=0)
        drawn["mean training picture"] = [fitted(_bytes(mean), t.shape[:2]) for t in truth]
        chosen = small[:: max(1, len(small) // REPEATED)][:REPEATED]
        drawn[f"{REPEATED} training pictures repeated"] = [
            fitted(chosen[i % len(chosen)], t.shape[:2]) for i, t in enumerate(truth)
        ]
    if source and train:
        centre, width = np.mean(small, (0, 1, 2)), np.std(small, (0, 1, 2))
        drawn["channel means and deviations of training"] = [
            _bytes((s - s.mean((0, 1))) / (s.std((0, 1)) + 1e-6) * width + centre) for s in source
        ]
    return drawn


def fitted(pixels: Picture, size: tuple[int, int]) -> Picture:
    """Return the middle of `pixels` at `size`."""
    height, width = pixels.shape[:2]
    scale = max(size[0] / height, size[1] / width)
    large = resize_pixels(pixels, (round(height * scale), round(width * scale)))
    top, left = (large.shape[0] - size[0]) // 2, (large.shape[1] - size[1]) // 2
    return large[top : top + size[0], left : left + size[1]]


def _bytes(levels: NDArray[Any]) -> Picture:
    return np.rint(levels).clip(0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
