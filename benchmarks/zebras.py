"""Train CycleGAN on horses and zebras for some minutes, and classify the translated horses.

python benchmarks/zebras.py [--minutes 10] [--size 256] [--data ../shared/data/horse2zebra]

The result is the fraction of test images that EfficientNet-Lite0, trained on ImageNet, classifies
as zebras: of translated horses, and of the horses and the zebras themselves. The method is that of
`translate train --plugin cyclegan`, at a constant learning rate. `--out` (out/zebras) gets the run,
the translated horses, and sheet.png: horse | translated.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

import sheet
import tables
import torch
from torch import nn

from translate.folders import listing
from translate.images.source import read_image
from translate.nn import pretrained

TRANSLATE = [sys.executable, "-m", "translate"]
ZEBRA = 340
"""index of the class in ImageNet's 1,000"""


def main() -> None:
    """Train, translate, classify and write the sheet."""
    args = arguments()
    run, translated = args.out / "run", args.out / "translated"
    shutil.rmtree(run, ignore_errors=True)
    train(args, run)
    infer = ["infer", str(run), str(args.data / "testA"), str(translated)]
    infer += ["--size", str(args.size), "--format", "png", "--overwrite", "--batch-size", "8"]
    subprocess.run([*TRANSLATE, *infer], check=True)
    folders = {"translated horses": translated}
    folders |= {"horses": args.data / "testA", "zebras": args.data / "testB"}
    rows = [{"images": name, **zebra_fraction(path)} for name, path in folders.items()]
    sheet.main(args.out / "sheet.png", args.data / "testA", translated)
    step = max((run / "checkpoints").glob("step-*")).name.removeprefix("step-").lstrip("0")
    note = f"{args.size} px, {step} steps; {args.out / 'sheet.png'}: horse | translated"
    tables.report(rows, note, args.json)


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = tables.parser_with_json(__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="longest training time")
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/horse2zebra"))
    parser.add_argument("--out", type=Path, default=Path("out/zebras"))
    parser.add_argument("--set", dest="settings", action="append", default=[])
    return parser.parse_args()


def train(args: argparse.Namespace, run: Path) -> None:
    """Train for the given minutes."""
    command = ["train", "--plugin", "cyclegan", "--data", str(args.data), "--domains", "trainA"]
    command += ["trainB", "--size", str(args.size), "--steps", str(args.steps), "--out", str(run)]
    command += ["--max-time", f"{max(1, round(60 * args.minutes))}s"]
    for setting in (
        "train.schedule=constant",
        f"data.workers={min(4, os.cpu_count() or 1)}",
        *args.settings,
    ):
        command += ["--set", setting]
    subprocess.run([*TRANSLATE, *command], check=True)


@torch.inference_mode()
def zebra_fraction(folder: Path) -> dict[str, object]:
    """Return the fraction of images that are classified as zebras, and their mean probability."""
    layers = [pretrained.Resize(), *pretrained.efficientnet_lite0()]
    classifier = nn.Sequential(*layers, *pretrained.efficientnet_lite0_head()).eval()
    probabilities = []
    for path in listing.find_images(folder):
        pixels = torch.tensor(read_image(path)).permute(2, 0, 1)[None].float()
        pixels = pixels.expand(-1, 3, -1, -1)  # also if they are gray
        probabilities.append(classifier(pixels / 127.5 - 1).softmax(1)[0])
    each = torch.stack(probabilities)
    return {
        "number": len(each),
        "zebras": round(float((each.argmax(1) == ZEBRA).float().mean()), 3),
        "mean probability of zebra": round(float(each[:, ZEBRA].mean()), 4),
    }


if __name__ == "__main__":
    main()
