"""Translation in tiles against the full frame: difference, time, and memory of a large TIFF.

python benchmarks/tiles.py [--size 1500x1000] [--tile 256] [--width 16] [--blocks 9] [--rounds 3]
                           [--large 12000x8000] [--json FILE]

Without `--large`, an image is translated whole and in tiles in turn, by a ResNet with random
weights and one thread: the table has the largest and the mean difference in levels of 255, and the
ratio of the times. With `--large`, a TIFF of that size is made in a temporary folder and translated
to another in a process of its own: the table has the peak of its resident memory over that after
all imports, which does not contain the page cache of the kernel. The number of blocks changes the
time and not the peak.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tables
import torch
from numpy.typing import NDArray

from translate.batches import Domain, ImageSpec
from translate.engine.inference.folder import translate_folder
from translate.engine.inference.inputs.paths import find_inputs
from translate.engine.models.model import Model
from translate.engine.models.options import InferenceOptions
from translate.engine.models.tiles import TileOptions, Tiler
from translate.engine.pixels.tiled_pixels import translate_pixels
from translate.registry import create_recipe

CPU, BLOCK = torch.device("cpu"), 512
SPEC = ImageSpec((256, 256), (Domain("a"), Domain("b")))


def main() -> None:
    parser = tables.parser_with_json(__doc__)
    parser.add_argument("--size", default="1500x1000", help="width and height")
    parser.add_argument("--tile", type=int, default=256)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--blocks", type=int, default=9)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--large", help="width and height of a TIFF")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.folder:
        print(json.dumps(translate_large(options)))
        return
    row = measure_large(options) if options.large else compare(options)
    note = f"ResNet of width {options.width} with {options.blocks} blocks, tiles of {options.tile}"
    tables.report([row], note, options.json)


def create_model(options: argparse.Namespace) -> Model:
    """Return a ResNet with instance norm and random weights."""
    torch.manual_seed(0)
    part = {"name": "resnet", "width": options.width, "blocks": options.blocks}
    recipe = create_recipe({"name": "cut", "generator": part}, spec=SPEC)
    for parameter in recipe.parameters():
        if parameter.ndim > 1:
            torch.nn.init.kaiming_normal_(parameter)
    return Model("benchmark", "", SPEC, recipe=recipe.eval().requires_grad_(False))


def compare(options: argparse.Namespace) -> dict[str, Any]:
    """Translate one image whole and in tiles, in turn."""
    resnet, (width, height) = create_model(options), map(int, options.size.split("x"))
    limits = TileOptions(options.tile, 4_000_000_000, Path(tempfile.gettempdir()))
    tiler = Tiler(resnet, "b", {}, None, limits)
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    times: dict[str, list[float]] = {"whole": [], "tiles": []}
    tiler.trace((height, width))  # once for all images of one size
    for _ in range(options.rounds):
        start = time.perf_counter()
        (whole,) = resnet.translate([pixels], "b")
        times["whole"].append(time.perf_counter() - start)
        start = time.perf_counter()
        tiles = translate_pixels(tiler, pixels, "uint8")
        times["tiles"].append(time.perf_counter() - start)
    assert whole is not None and tiles is not None
    difference = np.abs(whole.astype(int) - tiles)
    ratios = [b / a for a, b in zip(times["whole"], times["tiles"], strict=True)]
    return {
        "size": options.size,
        "largest difference": int(difference.max()),
        "mean difference": float(difference.mean()),
        "whole, s": tables.median_and_quartiles(times["whole"], 1),
        "tiles / whole": tables.median_and_quartiles(ratios, 2),
    }


def measure_large(options: argparse.Namespace) -> dict[str, Any]:
    """Translate a large TIFF in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        write_tiff(Path(folder) / "in.tif", options.large)
        command = [sys.executable, __file__, "--folder", folder]
        for name in ("tile", "width", "blocks"):
            command += [f"--{name}", str(getattr(options, name))]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {"size": options.large, **json.loads(done.stdout.splitlines()[-1])}


def write_tiff(path: Path, size: str) -> None:
    """Write a TIFF of this width and height, tile by tile."""
    import tifffile

    width, height = map(int, size.split("x"))
    block = np.random.default_rng(0).integers(0, 256, (BLOCK, BLOCK, 3), np.uint8) // 2

    def blocks() -> Iterator[NDArray[np.uint8]]:
        for top in range(0, height, BLOCK):
            for left in range(0, width, BLOCK):
                yield np.roll(block, (top // 7, left // 5), (0, 1)) + np.uint8(top // 80)

    shape = (height, width, 3)
    with tifffile.TiffWriter(path, bigtiff=width * height * 3 > 1 << 31) as writer:
        writer.write(
            blocks(), shape=shape, dtype=np.uint8, tile=(BLOCK, BLOCK), photometric="rgb"
        )  # fmt: skip


def translate_large(options: argparse.Namespace) -> dict[str, Any]:
    """Translate ``in.tif`` of a folder, and return the peak of memory and the time."""
    import imagecodecs  # noqa: F401 - all imports come before the measurement
    import tifffile  # noqa: F401
    from torch.fx.experimental.proxy_tensor import make_fx  # noqa: F401

    resnet, before = create_model(options), resident()
    peak, done = before, threading.Event()

    def record_peak() -> None:
        nonlocal peak
        while not done.wait(0.02):
            peak = max(peak, resident())

    recorder = threading.Thread(target=record_peak)
    recorder.start()
    start, out = time.perf_counter(), options.folder / "out"
    inputs = find_inputs(options.folder / "in.tif", out)
    result = translate_folder(resnet, inputs, out, InferenceOptions(tile=options.tile))
    seconds = time.perf_counter() - start
    done.set()
    recorder.join()
    assert result.done == 1, result
    return {
        "after imports, MB": before >> 20,
        "peak over it, MB": (peak - before) >> 20,
        "s": seconds,
    }


def resident() -> int:
    """Return the resident memory of this process in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) << 10


if __name__ == "__main__":
    main()
