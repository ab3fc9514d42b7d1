"""Read, resize and convert the images of a domain: in colour, gray, or as label maps.

Each pixel of a label map is the colour or number of a class, so no other values may be created:
label maps are resized by nearest neighbour, their numbers are kept at any bit depth, and a palette
read with one channel gives the indices themselves.
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
from translate.images.layers import Pixels, with_channels
from translate.images.levels import to_uint8
from translate.images.resize import resize_pixels
from translate.images.source import EncodedImage


def by_role(spec: ImageSpec) -> Mapping[str, Domain]:
    """Return the domains of ``source`` and ``target`` images."""
    return {"source": spec.source, "target": spec.target}


def of_role(by_role: Mapping[str, Domain], roles: Sequence[str], place: int) -> Domain:
    """Return the domain of the image at `place`; the source domain if it has no other role."""
    return by_role.get(roles[place] if place < len(roles) else "", by_role["source"])


def of_files(layout: Layout) -> Mapping[Path, Domain]:
    """Return the domain of each file, without files that two different domains share."""
    domains, shared = dict[Path, Domain](), set[Path]()
    for domain, files in zip(layout.spec.domains, layout.domain_files, strict=False):
        shared |= {path for path in files if not _are_alike(domains.get(path, domain), domain)}
        domains |= dict.fromkeys(files, domain)
    return {path: domain for path, domain in domains.items() if path not in shared}


def _are_alike(domain: Domain, other: Domain) -> bool:
    return replace(domain, name=other.name) == other


def common(spec: ImageSpec) -> Domain:
    """Return the domain for files of unknown domain, with the channels that all domains need."""
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
    """Return the `notes` that apply: label maps keep their numbers and colours."""
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

    Raises `ValueError` for label maps in which two classes would become one.
    """
    if pixels.shape[2] == domain.channels:
        return pixels
    if domain.labels and domain.channels == 1:
        return label_maps.class_numbers(pixels)
    return with_channels(pixels, domain.channels)
