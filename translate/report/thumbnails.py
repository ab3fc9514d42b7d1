"""Images of a report: WebP files in data URIs, downscaled until they have few enough bytes."""

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

MAX_PREVIEWS = 100
"""maximum number of previews on a page, evenly spaced"""
ALL_PREVIEWS_BYTES = 1_800_000
"""maximum size of all previews of a page"""
PREVIEW_BYTES = 60_000
"""maximum size of one preview"""
EXAMPLES_BYTES = 300_000
"""maximum size of the best and worst test images of all runs of a page"""
MAX_WIDTH, MAX_HEIGHT = 640, 960
"""maximum size of an image in pixels"""
QUALITY = 60
"""quality of WebP, from 0 to 100"""


@dataclass(frozen=True)
class Thumbnail:
    """An image of a report, with its size in pixels."""

    uri: str
    width: int
    height: int
    downscaled: bool = False
    """whether the original image is larger"""


def choose_evenly(previews: Sequence[tuple[int, Path]], count: int) -> list[tuple[int, Path]]:
    """Return at most `count` evenly spaced previews, among them the first and the last.

    If `count` is 1, the last is returned.
    """
    if len(previews) <= count:
        return list(previews)
    indices = np.linspace(0, len(previews) - 1, max(1, count)).round().astype(int)
    return [previews[index] for index in indices] if count > 1 else [previews[-1]]


def preview_thumbnails(
    previews: Sequence[tuple[int, Path]], run_count: int
) -> tuple[list[tuple[int, Thumbnail]], list[str]]:
    """Return the step and the image of previews, and an error for each damaged preview.

    Args:
        previews: Step and file of each preview of a run, the oldest first.
        run_count: Number of runs on the page, which share the limits.
    """
    chosen_previews = choose_evenly(previews, max(1, MAX_PREVIEWS // run_count))
    max_bytes = min(PREVIEW_BYTES, ALL_PREVIEWS_BYTES // max(1, run_count * len(chosen_previews)))
    thumbnails, errors = [], []
    for step, path in chosen_previews:
        try:
            image = _read_thumbnail(path, path.stat().st_mtime_ns, max_bytes)
            thumbnails.append((step, image))
        except (BadImage, OSError) as error:
            errors.append(f"the preview of step {step}: {error}")
    return thumbnails, errors


def example_thumbnails(
    folder: Path, examples: Mapping[str, Mapping[str, str]], run_count: int
) -> tuple[dict[str, list[tuple[str, Thumbnail]]], list[str]]:
    """Return the thumbnails of test images, and an error if some of the files are damaged.

    Args:
        folder: The folder of the files.
        examples: The files of each test image, by the name of the image and by keys of `ROLES`.
        run_count: Number of runs on the page, which share the limits.

    Returns:
        By the name of a test image, its thumbnails with their roles, such as the input and the
        output; and a list with at most one error.
    """
    max_bytes = EXAMPLES_BYTES // max(1, run_count * sum(map(len, examples.values())))
    thumbnails: dict[str, list[tuple[str, Thumbnail]]] = {}
    errors = []
    for name, files in examples.items():
        for field, role in ROLES.items():
            if field not in files:
                continue
            path = folder / Path(files[field]).name
            try:
                image = _read_thumbnail(path, path.stat().st_mtime_ns, max_bytes)
                thumbnails.setdefault(name, []).append((role, image))
            except (BadImage, OSError) as error:
                errors.append(f"{error}")
    if len(errors) > 1:
        errors = [f"{errors[0]}, and {len(errors) - 1} more"]
    return thumbnails, [f"best and worst test images: {error}" for error in errors]


def make_thumbnail(pixels: NDArray[np.uint8], max_bytes: int) -> Thumbnail:
    """Return an image (H, W, 3), downscaled until it has at most `max_bytes` bytes as WebP.

    An image of one pixel is returned even if it has more bytes.
    """
    image = Image.fromarray(pixels)
    image.thumbnail((MAX_WIDTH, MAX_HEIGHT))
    while True:
        buffer = io.BytesIO()
        image.save(buffer, "WEBP", quality=QUALITY, method=2)
        data = buffer.getvalue()
        if len(data) <= max_bytes or max(image.size) == 1:
            break
        factor = min(0.9, (max_bytes / len(data)) ** 0.5)
        image = image.resize([max(1, int(side * factor)) for side in image.size])
    uri = f"data:image/webp;base64,{base64.b64encode(data).decode()}"
    return Thumbnail(uri, *image.size, downscaled=image.size != (pixels.shape[1], pixels.shape[0]))


@lru_cache(maxsize=4 * MAX_PREVIEWS)
def _read_thumbnail(path: Path, modification_time: int, max_bytes: int) -> Thumbnail:  # noqa: ARG001 - part of the cache key
    return make_thumbnail(read_image(path).astype(np.uint8), max_bytes)
