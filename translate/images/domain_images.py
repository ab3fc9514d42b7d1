"""Read, resize and convert the images of a domain: in colour, gray, or as label maps.

Label maps name a class by each pixel's colour or number, so no value may come out that is not in
the file: they are resized by nearest neighbour, their numbers are kept in whatever depth, and a
palette read with one channel gives the indices themselves.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from translate.batches import Domain, ImageSpec, Layout
from translate.formats import Note
from translate.images import label_maps
from translate.images.layers import Pixels, convert_channels
from translate.images.resize import resize_pixels
from translate.images.source import EncodedImage
from translate.images.tensors import to_uint8


def by_role(spec: ImageSpec) -> Mapping[str, Domain]:
    """Return the domains of ``source`` and ``target`` images."""
    return {"source": spec.source, "target": spec.target}


def of_role(by_role: Mapping[str, Domain], roles: Sequence[str], place: int) -> Domain:
    """Return the domain of the image at `place`; one without a role of its own is a source."""
    return by_role.get(roles[place] if place < len(roles) else "", by_role["source"])


def of_files(layout: Layout) -> Mapping[Path, Domain]:
    """Return the domain of each file; one that two unlike domains share is not in it."""
    found, shared = dict[Path, Domain](), set[Path]()
    for domain, files in zip(layout.spec.domains, layout.domain_files, strict=False):
        shared |= {path for path in files if not _alike(found.get(path, domain), domain)}
        found |= dict.fromkeys(files, domain)
    return {path: domain for path, domain in found.items() if path not in shared}


def _alike(domain: Domain, other: Domain) -> bool:
    return replace(domain, name=other.name) == other


def common(spec: ImageSpec) -> Domain:
    """Return how a file is read whose domain is not known: nothing that either needs is lost."""
    known = spec.domains or (spec.source,)
    return Domain(
        "", max(domain.channels for domain in known), labels=all(domain.labels for domain in known)
    )


def read(path: Path, domain: Domain) -> NDArray[np.uint8]:
    """Return the pixels of a file with the channels of its domain.

    Args:
        path: The file.
        domain: The domain that it belongs to; label maps are read without conversion of their
            values.

    Returns:
        (H, W, C), uint8.

    Raises:
        BadImage: The file cannot be decoded completely.
    """
    return decode(EncodedImage.open(path), domain)


def decode(image: EncodedImage, domain: Domain) -> NDArray[np.uint8]:
    """Return the pixels of an image with the channels of its domain.

    Args:
        image: The bytes of a file.
        domain: The domain that it belongs to; values of label maps are not converted.

    Returns:
        (H, W, C), uint8.

    Raises:
        BadImage: The image cannot be decoded completely.
    """
    if not domain.labels:
        return to_uint8(image.decode(channels=domain.channels))
    return label_maps.labels_from_layers(image.decode_layers(), image.path, domain.channels)


def losses(notes: Iterable[Note], domain: Domain) -> tuple[Note, ...]:
    """Return which `notes` on a file hold: label maps keep their numbers and colours."""
    kept = ("colour", "depth") if domain.labels else ()
    return tuple(note for note in notes if note.kind not in kept)


def resize(pixels: Pixels, size: tuple[int, int], domain: Domain) -> Pixels:
    """Return an image at another size; label maps by nearest neighbour.

    Args:
        pixels: (H, W, C).
        size: Height and width.
        domain: The domain that the image belongs to.
    """
    if not domain.labels:
        return resize_pixels(pixels, size)
    resized = cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
    return resized.reshape(*size, pixels.shape[2])


def convert(pixels: Pixels, domain: Domain) -> Pixels:
    """Return `pixels` with the channels of its `domain`.

    Raises `ValueError` for label maps of which some classes would become one.
    """
    if pixels.shape[2] == domain.channels:
        return pixels
    if domain.labels and domain.channels == 1:
        return label_maps.class_numbers(pixels)
    return convert_channels(pixels, domain.channels)
