"""Images of a page: downscaled to a limit of bytes, as WebP in data URIs."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from translate.errors import BadImage
from translate.evaluate.images.examples import ROLES
from translate.images.source import read_image

PREVIEWS = 100
"""largest number of previews on a page, evenly spaced"""
PREVIEW_BYTES = 1_800_000
"""limit for all previews of a page"""
LARGEST_BYTES = 60_000
"""limit for one preview"""
EXAMPLE_BYTES = 300_000
"""limit for the best and worst test images of all runs of a page"""
WIDTH, HEIGHT = 640, 960
"""largest size of a preview in pixels"""
QUALITY = 60


@dataclass(frozen=True)
class Thumbnail:
    """An image of a page."""

    uri: str
    width: int
    height: int
    downscaled: bool = False


def choose_evenly(previews: Sequence[tuple[int, Path]], count: int) -> list[tuple[int, Path]]:
    """Return at most `count` evenly spaced previews, with the first and the last."""
    if len(previews) <= count:
        return list(previews)
    indices = np.linspace(0, len(previews) - 1, max(1, count)).round().astype(int)
    return [previews[index] for index in indices] if count > 1 else [previews[-1]]


def preview_thumbnails(
    previews: Sequence[tuple[int, Path]], runs: int
) -> tuple[list[tuple[int, Thumbnail]], list[str]]:
    """Return the step and the image of previews, and a line for each that is damaged.

    Args:
        previews: Step and file of each preview of a run, the oldest first.
        runs: Number of runs on the page, which share the limits.
    """
    shown = choose_evenly(previews, max(1, PREVIEWS // runs))
    limit = min(LARGEST_BYTES, PREVIEW_BYTES // max(1, runs * len(shown)))
    thumbnails, damaged = [], []
    for step, path in shown:
        try:
            thumbnails.append((step, _of_file(path, path.stat().st_mtime_ns, limit)))
        except (BadImage, OSError) as error:
            damaged.append(f"the preview of step {step}: {error}")
    return thumbnails, damaged


def example_thumbnails(
    folder: Path, examples: Mapping[str, Mapping[str, str]], runs: int
) -> tuple[dict[str, list[tuple[str, Thumbnail]]], list[str]]:
    """Return the role and the image of examples by their names, and a line if some are damaged.

    Args:
        folder: The folder of the files.
        examples: Files of each example, by its name and that of the field.
        runs: Number of runs on the page, which share the limits.
    """
    limit = EXAMPLE_BYTES // max(1, runs * sum(map(len, examples.values())))
    thumbnails: dict[str, list[tuple[str, Thumbnail]]] = {}
    damaged = []
    for name, files in examples.items():
        for field, role in ROLES.items():
            if field not in files:
                continue
            path = folder / Path(files[field]).name
            try:
                image = _of_file(path, path.stat().st_mtime_ns, limit)
                thumbnails.setdefault(name, []).append((role, image))
            except (BadImage, OSError) as error:
                damaged.append(f"{error}")
    if len(damaged) > 1:
        damaged = [f"{damaged[0]}, and {len(damaged) - 1} more"]
    return thumbnails, [f"best and worst test images: {line}" for line in damaged]


def thumbnail(pixels: NDArray[np.uint8], limit: int) -> Thumbnail:
    """Return an image (H, W, 3) that has at most `limit` bytes as WebP, downscaled until it fits.

    An image of one pixel is returned even if it is larger.
    """
    image = Image.fromarray(pixels)
    image.thumbnail((WIDTH, HEIGHT))
    while True:
        buffer = io.BytesIO()
        image.save(buffer, "WEBP", quality=QUALITY, method=2)
        data = buffer.getvalue()
        if len(data) <= limit or max(image.size) == 1:
            break
        factor = min(0.9, (limit / len(data)) ** 0.5)
        image = image.resize([max(1, int(side * factor)) for side in image.size])
    uri = f"data:image/webp;base64,{base64.b64encode(data).decode()}"
    return Thumbnail(uri, *image.size, downscaled=image.size != (pixels.shape[1], pixels.shape[0]))


@lru_cache(maxsize=4 * PREVIEWS)
def _of_file(path: Path, modification_time: int, limit: int) -> Thumbnail:  # noqa: ARG001 - part of the cache key
    pixels = read_image(path)
    return thumbnail(pixels.astype(np.uint8), limit)
