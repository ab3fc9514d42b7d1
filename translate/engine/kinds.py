"""How the images of a domain are read, resized and converted: in colour, gray, or as label maps.

Label maps name a class by each pixel's colour or number, so no value may come out that is not in
the file: they are resized by nearest neighbour, their numbers are kept in whatever depth, and a
palette read with one channel gives the indices themselves.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from translate import images
from translate.batches import ImageSpec
from translate.errors import BadImage
from translate.images import Pixels


class Kind(NamedTuple):
    """What the images of one domain are."""

    channels: int = 3
    labels: bool = False


def by_role(spec: ImageSpec) -> Mapping[str, Kind]:
    """Return what ``source`` and ``target`` images are."""
    return {
        "source": Kind(spec.source_channels, spec.source_labels),
        "target": Kind(spec.target_channels, spec.target_labels),
    }


def common(spec: ImageSpec) -> Kind:
    """Return how a file is read whose domain is not known: nothing that either needs is lost."""
    kinds = by_role(spec).values()
    return Kind(max(kind.channels for kind in kinds), all(kind.labels for kind in kinds))


def resize(pixels: Pixels, size: tuple[int, int], kind: Kind) -> Pixels:
    """Return `pixels` at (height, width); of label maps each pixel is one that was there."""
    if not kind.labels:
        return images.resize(pixels, size)
    resized = cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
    return resized.reshape(*size, pixels.shape[2])


def convert(pixels: Pixels, kind: Kind) -> Pixels:
    """Return `pixels` with the channels of `kind`."""
    if pixels.shape[2] == kind.channels:
        return pixels
    return images.from_array(pixels, channels=kind.channels)
