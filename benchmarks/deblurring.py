"""PSNR of restored photographs of another camera, in luminance, next to their blurred input.

python benchmarks/deblurring.py RUN DATA OUT [--shift 4] [--json FILE]

DATA holds `blur` and `sharp`, as Levin et al. (2009) photographed them: several blurred images for
each sharp one, with its name as the prefix (`im1_kernel1_img.png`, `im1.png`).
OUT gets the output of `translate infer` for `blur`. A blurred photograph and its sharp one are not
aligned to the pixel, so PSNR is given as it is, and as the best over shifts of up to `--shift`
pixels, without a margin of that width; each image, blurred or restored, has its own best shift.
"mean shift" is the mean of restored minus blurred, in levels of 255: 0 where no image is tinted.
"""

import argparse
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import fidelity
import numpy as np
import tables
from numpy.typing import NDArray

from translate.images.domains.levels import scale_dtype
from translate.images.source import read_image

Luminance = NDArray[np.float64]


def main() -> None:
    """Restore, score, and print two rows."""
    args = arguments()
    infer = ["infer", str(args.run), str(args.data / "blur"), str(args.out), "--overwrite"]
    subprocess.run([sys.executable, "-m", "translate", *infer, "--quiet"], check=True)
    blurred, restored, sharp = (
        read(folder) for folder in (args.data / "blur", args.out, args.data / "sharp")
    )
    rows = [
        score("blurred", blurred, blurred, sharp, args.shift),
        score("restored", restored, blurred, sharp, args.shift),
    ]
    note = f"{len(blurred)} photographs of {args.data}, luminance, aligned within {args.shift} px"
    tables.report(rows, note, args.json)


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = tables.parser_with_json(__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("data", type=Path, help="a folder with blur/ and sharp/")
    parser.add_argument("out", type=Path, help="folder of the restored images")
    parser.add_argument("--shift", type=int, default=4, help="pixels of the largest shift")
    return parser.parse_args()


def read(folder: Path) -> dict[str, Luminance]:
    """Return the luminance (Rec. 601) of each image of `folder`, by name without suffix."""
    images = {}
    for path in sorted(folder.glob("*.png")):
        pixels = scale_dtype(read_image(path), "uint8").astype(float)
        gray = pixels.shape[2] == 1
        images[path.stem] = pixels[..., 0] if gray else pixels[..., :3] @ (0.299, 0.587, 0.114)
    return images


def score(
    name: str,
    scored: Mapping[str, Luminance],
    blurred: Mapping[str, Luminance],
    sharp: Mapping[str, Luminance],
    shift: int,
) -> dict[str, object]:
    """Return one line of the table."""
    pairs = [(scored[stem], sharp[stem.partition("_")[0]]) for stem in blurred]
    shifts = [float((scored[stem] - image).mean()) for stem, image in blurred.items()]
    return {
        "images": name,
        "PSNR dB": round(float(np.mean([fidelity.psnr(*pair) for pair in pairs])), 2),
        "PSNR dB, aligned": round(
            float(np.mean([fidelity.aligned_psnr(*pair, shift) for pair in pairs])), 2
        ),
        "mean shift": round(float(np.mean(shifts)), 2),
        "largest shift": round(max(shifts, key=abs), 2),
    }


if __name__ == "__main__":
    main()
