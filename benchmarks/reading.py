"""Compare the time of our input pipeline for training images with Pillow and torchvision.

python benchmarks/reading.py [FOLDER ...] [--crop 256] [--images 60] [--rounds 7] [--json FILE]

Each pipeline reads, scales to crop * 286/256, crops and flips the same files one by one, in one
thread. The pipeline of pytorch-CycleGAN-and-pix2pix returns a batch of one float image in [-1, 1]:
Pillow decodes and resizes (bicubic), torchvision crops, flips, converts and normalizes. Ours is the
pipeline of `translate train`, without and with its cache in memory; it returns a batch of bytes,
which training converts on the device, and with "floats" a converted batch. Our scaled pixels are
compared with those of Pillow.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tables
import torch
from numpy.typing import NDArray
from PIL import Image
from torchvision import transforms

from translate.batches import Domain
from translate.engine.config import layers
from translate.engine.data import check
from translate.engine.loading.device import batch_to_device
from translate.engine.loading.order import Items, collate
from translate.engine.loading.scaling import scale
from translate.folders.listing import find_images
from translate.images.source import read_image

FOLDERS = (Path("../shared/data/horse2zebra/trainA"), Path("../shared/data/horse2zebra/testB"))
COMPARED_IMAGES = 20
SCALE = 286 / 256
CPU = torch.device("cpu")


def main() -> None:
    """Measure, and print a row for each folder."""
    parser = tables.parser_with_json(__doc__)
    parser.add_argument("folders", nargs="*", type=Path, default=FOLDERS)
    parser.add_argument("--crop", type=int, default=256)
    parser.add_argument("--images", type=int, default=60, help="number of images of each folder")
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    seconds = {str(folder): measure(folder, args) for folder in args.folders}
    rows = [row(folder, by_pipeline, args.crop) for folder, by_pipeline in seconds.items()]
    note = (
        f"median (quartiles) of {args.rounds} rounds over {args.images} images per folder, each "
        "read by all pipelines in turn; ratio: time of Pillow and torchvision / time of the "
        f"pipeline, within a round; pixels of {COMPARED_IMAGES} scaled images."
    )
    tables.report(rows, note, args.json, seconds=seconds)


def measure(folder: Path, args: argparse.Namespace) -> dict[str, NDArray[np.float64]]:
    """Return the wall and CPU seconds per image of each pipeline, (rounds, 2), in `folder`."""
    files = find_images(folder)[: args.images]
    with tempfile.TemporaryDirectory() as root:
        images = Path(root) / "images"
        images.mkdir()
        for number, file in enumerate(files):
            (images / f"{number:04}{file.suffix}").symlink_to(file.resolve())
        pipelines = {
            "Pillow": read_as_published(sorted(images.iterdir()), args.crop),
            "ours": ours(Path(root), args.crop, cache_gb=0.0, floats=False),
            "ours, floats": ours(Path(root), args.crop, cache_gb=0.0, floats=True),
            "cached": ours(Path(root), args.crop, cache_gb=2.0, floats=False),
            "cached, floats": ours(Path(root), args.crop, cache_gb=2.0, floats=True),
        }
        seconds = {name: np.zeros((args.rounds + 1, 2)) for name in pipelines}
        for number in range(args.rounds + 1):  # the first is a warm-up
            for index in range(len(files)):
                for name, read in pipelines.items():
                    start = clocks()
                    read(index)
                    seconds[name][number] += clocks() - start
    return {name: by_round[1:] / len(files) for name, by_round in seconds.items()}


def clocks() -> NDArray[np.float64]:
    """Return the wall time, and the CPU time of this process, which others hardly change."""
    return np.array([time.perf_counter(), time.process_time()])


def read_as_published(files: Sequence[Path], crop: int) -> Callable[[int], Any]:
    """Return the transform of the published code, as a function of the index of a file."""
    side = round(crop * SCALE)
    transform = transforms.Compose(
        [
            transforms.Resize(side, transforms.InterpolationMode.BICUBIC),
            transforms.RandomCrop(crop),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        ]
    )
    return lambda index: transform(Image.open(files[index]).convert("RGB"))[None]


def ours(root: Path, crop: int, *, cache_gb: float, floats: bool) -> Callable[[int], Any]:
    """Return a training run's own pipeline, as a function of the index of an item."""
    flags = {
        "data.root": str(root),
        "data.domains": ["images"],
        "data.layout": "images",
        "data.size": crop,
        "data.resize": round(crop * SCALE),
        "data.cache": cache_gb,
        "train.steps": 1,
    }
    data = layers.resolve("autoencoder", flags=flags).data
    checked = check.check_data(check.open_layout(data), data)
    items, epochs = Items(checked.layout, checked.augment.item, seed=0), [0] * len(checked.layout)

    def read(index: int) -> Any:
        epochs[index] += 1
        batch, _ = collate([items[epochs[index], index]])
        return batch_to_device(batch, CPU, checked.layout.spec) if floats else batch

    return read


def row(name: str, seconds: Mapping[str, NDArray[np.float64]], crop: int) -> dict[str, Any]:
    """Return the row of one folder."""
    row: dict[str, Any] = {"folder": name}
    for key, by_round in seconds.items():
        row[f"{key}, ms"] = tables.median_and_quartiles((1e3 * by_round[:, 0]).tolist(), 2)
    for key in list(seconds)[1:]:
        for column, clock in enumerate(("wall", "CPU")):
            ratios = seconds["Pillow"][:, column] / seconds[key][:, column]
            row[f"{key}, {clock}-time ratio"] = tables.median_and_quartiles(ratios.tolist(), 2)
    return {**row, **differences(find_images(Path(name))[:COMPARED_IMAGES], crop)}


def differences(files: Sequence[Path], crop: int) -> dict[str, Any]:
    """Return how our scaled pixels, from 0 to 255, differ from those of Pillow."""
    domain, counts = Domain(""), np.zeros(256, np.int64)
    for file in files:
        pixels = read_image(file)
        shorter = round(crop * SCALE)
        factor = shorter / min(pixels.shape[:2])
        height, width = (round(side * factor) for side in pixels.shape[:2])
        pillow = Image.open(file).convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
        scaled = scale(pixels, (height, width), domain).permute(1, 2, 0).numpy()
        counts += np.bincount(np.abs(np.asarray(pillow, int) - scaled).ravel(), minlength=256)
    fractions = counts / counts.sum()
    return {
        "equal values": f"{fractions[0]:.2%}",
        "more than 1 level": f"{1e6 * fractions[2:].sum():.0f} ppm",
    }


if __name__ == "__main__":
    main()
