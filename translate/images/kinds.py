"""How the images of a domain are read, resized and converted: in colour, gray, or as label maps.

Label maps name a class by each pixel's colour or number, so no value may come out that is not in
the file: they are resized by nearest neighbour, their numbers are kept in whatever depth, and a
palette read with one channel gives the indices themselves.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from translate.batches import ImageSpec, Layout
from translate.images import label_maps
from translate.images.decode import Pixels, pixels_from_array
from translate.images.headers import Note
from translate.images.resize import resize_pixels
from translate.images.source import EncodedImage
from translate.images.tensors import to_uint8


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


def of_role(kinds: Mapping[str, Kind], roles: Sequence[str], place: int) -> Kind:
    """Return what the image at `place` is; one without a role of its own is a source."""
    return kinds.get(roles[place] if place < len(roles) else "", kinds["source"])


def of_files(layout: Layout) -> Mapping[Path, Kind]:
    """Return what each file is whose domain is known; one that two domains share is not in it."""
    kinds, found, shared = by_role(layout.spec), dict[Path, Kind](), set[Path]()
    for place, files in enumerate(layout.domain_files):
        kind = kinds["target" if 0 < place == len(layout.domain_files) - 1 else "source"]
        shared |= {path for path in files if found.get(path, kind) != kind}
        found |= dict.fromkeys(files, kind)
    return {path: kind for path, kind in found.items() if path not in shared}


def common(spec: ImageSpec) -> Kind:
    """Return how a file is read whose domain is not known: nothing that either needs is lost."""
    kinds = by_role(spec).values()
    return Kind(max(kind.channels for kind in kinds), all(kind.labels for kind in kinds))


def read(path: Path, kind: Kind) -> NDArray[np.uint8]:
    """Return the file at `path` as (height, width, channels) bytes; raises `BadImage`."""
    return decode(EncodedImage.open(path), kind)


def decode(image: EncodedImage, kind: Kind) -> NDArray[np.uint8]:
    """Return `image` as (height, width, channels) bytes; raises `BadImage`."""
    if not kind.labels:
        return to_uint8(image.decode(channels=kind.channels))
    return label_maps.from_decoded(image.decode_layers(), image.path, kind.channels)


def losses(notes: Iterable[Note], kind: Kind) -> tuple[Note, ...]:
    """Return which `notes` on a file hold: label maps keep their numbers and colours."""
    kept = ("colour", "depth") if kind.labels else ()
    return tuple(note for note in notes if note.kind not in kept)


def resize(pixels: Pixels, size: tuple[int, int], kind: Kind) -> Pixels:
    """Return `pixels` at (height, width); of label maps each pixel is one that was there."""
    if not kind.labels:
        return resize_pixels(pixels, size)
    resized = cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
    return resized.reshape(*size, pixels.shape[2])


def convert(pixels: Pixels, kind: Kind) -> Pixels:
    """Return `pixels` with the channels of `kind`; raises `ValueError` for label maps that lose."""
    if pixels.shape[2] == kind.channels:
        return pixels
    if kind.labels and kind.channels == 1:
        return label_maps.numbers(pixels)
    return pixels_from_array(pixels, channels=kind.channels)
