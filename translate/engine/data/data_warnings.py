"""What is said once of a data set before it is trained on: nothing is wrong with it, but look."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from translate.batches import Domain, Layout
from translate.engine.config.schema import Data
from translate.engine.data.opened_files import OpenedFiles
from translate.engine.disk.problems import Problem
from translate.engine.processes.signals import reraise_interruption
from translate.errors import BadImage
from translate.formats import Header, Note
from translate.images import domain_images
from translate.images.format_registry import is_lossy

DRAWS = 100
"""items that are picked to see whether a domain has more than one image"""
HEADERS_LOOKED_AT = 32
"""files of a domain that may be of label maps"""
LOOKED_AT = 4
"""files of a domain whose values are looked at"""
FEW = 32
"""levels, of 256"""


def notes(headers: Mapping[Path, Any], each: Mapping[Path, Domain]) -> list[tuple[Path, Note]]:
    """Return what each file loses when it is read."""
    return [
        (path, note)
        for path, header in headers.items()
        if isinstance(header, Header)
        for note in domain_images.losses(header.notes(channels=each[path].channels), each[path])
    ]


def listed(lost: Iterable[tuple[Path, Note]]) -> list[Problem]:
    """Return `notes` as lines of ``problems.jsonl``."""
    return [Problem(path, "check", "note", note.text) for path, note in lost]


def find_warnings(
    layout: Layout,
    data: Data,
    lost: Sequence[tuple[Path, Note]],
    sizes: Collection[tuple[int, int]],
    read: Callable[[Path], NDArray[np.uint8]],
) -> list[str]:
    """Return a line for each thing that a person may not have meant.

    Args:
        layout: the images.
        data: the settings they are read with.
        lost: what files lose when they are read.
        sizes: height and width of each file that can be read.
        read: returns the pixels of a file.
    """
    return [
        *_lost(lost, len(sizes)),
        *layout.notes,
        *_small(data, sizes),
        *_few_levels(layout, read),
        *_lossy_labels(layout),
        *_single_images(layout),
    ]


def _lost(lost: Sequence[tuple[Path, Note]], count: int) -> Iterable[str]:
    """Say each kind of loss once, of the first file that has it."""
    kinds = Counter(note.kind for _, note in lost)
    for kind, number in kinds.items():
        path, note = next((path, note) for path, note in lost if note.kind == kind)
        more = f" (and {number - 1} more of {count})" if number > 1 else ""
        yield f"{path}{more}: {note.text}"


def _single_images(layout: Layout) -> Iterable[str]:
    picked = [files for number in range(DRAWS) if (files := _pick(layout, number))]
    for one, *others in map(set, zip(*picked, strict=False)):
        if not others and one in layout.files:
            yield f"{one} is the only image of its domain: networks will learn it by heart"


def _pick(layout: Layout, number: int) -> tuple[Path, ...]:
    """Return the files of an item, or none where a plugin fails: it is listed when it is read."""
    try:
        return layout.pick(number % len(layout), Random(number)).files
    except BaseException as error:
        reraise_interruption(error)
        return ()


def _small(data: Data, sizes: Collection[tuple[int, int]]) -> Iterable[str]:
    """Say how many images are smaller than a crop, and what is done about it."""
    rows, columns = data.crop
    if small := sum(height < rows or width < columns for height, width in sizes):
        how = "padded at their edges" if data.resize == "fit" else "enlarged to the crop"
        yield f"{small} of {len(sizes)} images are smaller than the crop of {rows}x{columns}: {how}"


def _few_levels(layout: Layout, read: Callable[[Path], NDArray[np.uint8]]) -> Iterable[str]:
    """Say of which domains all images are nearly one shade, as maps of class numbers are."""
    each = domain_images.by_role(layout.spec)
    for place, name, files in _domains(layout):
        kind = each[place]
        values = [v for p in _spread(files, LOOKED_AT) if (v := _values(p, read)) is not None]
        if not values:
            continue
        least, most = min(int(v.min()) for v in values), max(int(v.max()) for v in values)
        if most - least < FEW:
            fix = "" if kind.labels else f", --set data.labels=[{name}] keeps them apart, and"
            yield (
                f"{name}: values from {least} to {most} of 255 in the {len(values)} images looked "
                f"at, nearly one shade. If they are numbers of classes{fix or ','} a palette of "
                "colours shows them better to a network"
            )


def _lossy_labels(layout: Layout) -> Iterable[str]:
    each = domain_images.by_role(layout.spec)
    for place, name, files in _domains(layout):
        if each[place].labels and any(is_lossy(path.suffix) for path in files):
            yield f"{name}: label maps in JPEG have values of no class at their edges: use PNG"


def palette_domains(layout: Layout, domains: Sequence[str], opened: OpenedFiles) -> tuple[str, ...]:
    """Return the `domains` of `layout` whose images, as far as looked at, all are palette PNGs."""
    if len(layout.domain_files) != len(domains):
        return ()
    return tuple(
        name
        for name, files in zip(domains, layout.domain_files, strict=True)
        if files and all(_has_palette(path, opened) for path in _spread(files, HEADERS_LOOKED_AT))
    )


def _has_palette(path: Path, opened: OpenedFiles) -> bool:
    try:
        header = opened.read(path).header
    except BadImage:
        return False
    return header.label_map


def _values(path: Path, read: Callable[[Path], NDArray[np.uint8]]) -> NDArray[np.uint8] | None:
    try:
        return read(path)
    except Exception:
        return None  # it is listed when it is read


def _domains(layout: Layout) -> Iterable[tuple[str, str, Sequence[Path]]]:
    """Yield role, name and files of each domain whose files are known."""
    names = layout.spec.names
    if len(layout.domain_files) != len(names):
        return
    for place, (name, files) in enumerate(zip(names, layout.domain_files, strict=True)):
        yield "target" if 0 < place == len(names) - 1 else "source", name, files


def _spread(files: Sequence[Path], count: int) -> Sequence[Path]:
    """Return up to `count` of `files`, from the first to the last."""
    if len(files) <= count:
        return files
    return [files[place * len(files) // count] for place in range(count)]
