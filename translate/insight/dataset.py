"""Check folders of images as training would, without training."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from translate.batches import Domain, Layout
from translate.engine.config.schema import Data
from translate.engine.data import check, data_warnings, near_duplicates, splits
from translate.engine.data.opened_files import OpenedFiles
from translate.engine.data.transform import require_size
from translate.errors import BadImage, DataError
from translate.formats import Header
from translate.images import domain_images
from translate.images.layers import guarded

THREADS = 8
MAX_LISTED = 20
"""findings of one kind that are listed one by one"""
SPLITS = ("train", "val", "test")


class Finding(NamedTuple):
    """A result of the check."""

    state: Literal["ok", "note", "broken"]
    message: str
    consequence: str = ""
    """what training would do about it, or what to do"""


class FileReport(NamedTuple):
    """One image file: its header and hash, or why it cannot be read."""

    path: Path
    split: str
    header: Header | None
    digest: str
    error: str
    hash: NDArray[np.uint64] | None = None
    """its perceptual hash"""


def check_images(data: Data) -> Iterator[Finding]:
    """Check the images of `data` in every split, and yield the findings.

    Each image is decoded once. Raises `DataError` if there is nothing to train on.
    """
    seen, lost, files = list[FileReport](), list[BadImage](), OpenedFiles()
    own = (data.validation,) if isinstance(data.validation, str) else ()
    names = dict[str, list[str]]()
    for split in dict.fromkeys((data.split, *SPLITS, *own)):
        try:
            layout = check.open_layout(data.model_copy(update={"split": split}), files=files)
        except DataError:
            if split == data.split:
                raise
            continue
        new = set(layout.files) - {file.path for file in seen}  # a flat folder is all its splits
        if split != data.split and not new:
            continue
        yield Finding("ok", f"{split}: {len(layout)} items in {len(layout.files)} files")
        settings = data.model_copy(update={"split": split})
        names[split] = [*splits.relative_names(layout.files, settings).values()]
        for line in splits.ungrouped_warnings(layout, settings):
            yield Finding("note", f"{split}: {line}")
        lost += layout.problems
        kind, by_file = domain_images.common(layout.spec), domain_images.of_files(layout)
        each = {path: by_file.get(path, kind) for path in sorted(new)}
        with ThreadPoolExecutor(THREADS) as pool:
            found = list(pool.map(partial(_check_file, split, data, files), each, each.values()))
        seen += found
        yield from _pairs(layout, {file.path: file for file in seen})
        yield from _training_warnings(layout, data, found, each, files)
    yield from _first_few([Finding("broken", str(bad), "left out and listed") for bad in lost])
    yield from _unreadable(seen, data)
    yield from _pixel_formats(seen)
    yield from _sizes(seen)
    yield from _duplicates(seen)
    yield from _near_duplicates(seen, data.split)
    yield from _shared_groups(names, data)


def _training_warnings(
    layout: Layout,
    data: Data,
    found: Sequence[FileReport],
    each: Mapping[Path, Domain],
    files: OpenedFiles,
) -> Iterator[Finding]:
    """Yield the warnings that training gives for the same files."""
    headers = {file.path: file.header for file in found}
    sizes = [file.header.size for file in found if file.header]
    lost = data_warnings.notes(headers, each)

    def read(path: Path) -> NDArray[np.uint8]:
        return domain_images.decode(files.read(path), each[path])

    for line in data_warnings.find_warnings(layout, data, lost, sizes, read):
        yield Finding("note", f"{found[0].split}: {line}" if found else line)


def _check_file(split: str, data: Data, files: OpenedFiles, path: Path, kind: Domain) -> FileReport:
    try:
        image = files.read(path)
        pixels = domain_images.decode(image, kind)
        with guarded(path):
            require_size(data, *image.header.size)
    except BadImage as bad:
        return FileReport(path, split, None, "", bad.reason)
    header, digest = image.header.without_extra(), image.sha256
    return FileReport(path, split, header, digest, "", near_duplicates.hash_pixels(pixels))


def _unreadable(seen: Sequence[FileReport], data: Data) -> Iterator[Finding]:
    bad = [file for file in seen if file.error]
    yield from _first_few(
        [Finding("broken", f"{file.path}: {file.error}", "left out and listed") for file in bad]
    )
    trained = [file for file in seen if file.split == data.split]
    unreadable = sum(bool(file.error) for file in trained)
    if trained and unreadable > data.max_bad * len(trained):
        yield Finding(
            "broken", f"{unreadable} of {len(trained)} files cannot be read",
            f"training is refused: data.max_bad is {data.max_bad:g}",
        )  # fmt: skip


def _pixel_formats(seen: Sequence[FileReport]) -> Iterator[Finding]:
    headers = [file.header for file in seen if file.header]
    modes = Counter(header.mode for header in headers)
    text = ", ".join(f"{count} {mode}" for mode, count in modes.most_common())
    consequence = "read as data.channels says, by default in colour"
    yield Finding("ok" if len(modes) < 2 else "note", f"kinds: {text}",
                 consequence if len(modes) > 1 else "")  # fmt: skip
    if turned := sum(header.orientation > 1 for header in headers):
        yield Finding("ok", f"{turned} are turned by their EXIF tag", "they are read upright")


def _sizes(seen: Sequence[FileReport]) -> Iterator[Finding]:
    sizes = Counter(file.header.size for file in seen if file.header)
    if not sizes:
        return
    common = ", ".join(f"{count} {w}x{h}" for (h, w), count in sizes.most_common(3))
    more = f", {len(sizes) - 3} sizes more" if len(sizes) > 3 else ""
    yield Finding("ok", f"sizes: {common}{more}")


def _duplicates(seen: Sequence[FileReport]) -> Iterator[Finding]:
    groups: dict[str, list[FileReport]] = defaultdict(list)
    for file in seen:
        if file.digest:
            groups[file.digest].append(file)
    twins = [group for group in groups.values() if len(group) > 1]
    shared = [group for group in twins if len({file.split for file in group}) > 1]
    same = [group for group in twins if len({file.split for file in group}) == 1]
    yield from _first_few(
        [
            Finding(
                "broken", " = ".join(str(file.path) for file in group),
                "what is tested on was trained on: remove one of them",
            )
            for group in shared
        ]
    )  # fmt: skip
    yield from _first_few(
        [
            Finding("note", " = ".join(str(f.path) for f in group), "seen more often than others")
            for group in same
        ]
    )


def _near_duplicates(seen: Sequence[FileReport], trained: str) -> Iterator[Finding]:
    """Find images of other splits that are nearly images that are trained on."""
    digests = {file.path: file.digest for file in seen}
    sides: dict[bool, list[FileReport]] = {True: [], False: []}
    for file in seen:
        sides[file.split == trained].append(file)
    ours, theirs = (
        near_duplicates.stack((file.path, file.hash) for file in sides[own])
        for own in (True, False)
    )
    pairs = near_duplicates.find_near_duplicates(theirs, ours)
    yield from _first_few(
        [
            Finding(
                "note",
                f"{pair.path} is nearly {pair.other} ({pair.bits} of 256 bits differ)",
                "what is measured on it is too good: remove one of them",
            )
            for pair in pairs
            if digests[pair.path] != digests[pair.other]
        ]
    )


def _shared_groups(names: Mapping[str, Sequence[str]], data: Data) -> Iterator[Finding]:
    """Find the groups of `data.groups` that have images in two splits."""
    for one, other in combinations(names, 2):
        if groups := splits.shared_groups(names[one], names[other], data):
            listed = ", ".join(groups[:5]) + ", ..." * (len(groups) > 5)
            yield Finding(
                "broken",
                f"data.groups: {len(groups)} groups are in {one} and in {other}: {listed}",
                "what is measured on them is too good: move each to one side",
            )


def _pairs(layout: Layout, seen: Mapping[Path, FileReport]) -> Iterator[Finding]:
    """Find the items with files of different sizes, where an item's files belong together."""
    unequal = []
    for index in range(len(layout) if layout.paired else 0):
        files = layout.pick(index, Random(0)).files
        headers = [seen[path].header for path in files if path in seen]
        sizes = [header.size for header in headers if header]
        if len(set(sizes)) > 1:
            text = " and ".join(f"{width}x{height}" for height, width in sizes)
            unequal.append(
                Finding("broken", f"{files[0]}: {text}", "the pair is left out and listed")
            )
    yield from _first_few(unequal)


def _first_few(findings: Sequence[Finding]) -> Iterator[Finding]:
    yield from findings[:MAX_LISTED]
    if len(findings) > MAX_LISTED:
        yield findings[MAX_LISTED]._replace(
            message=f"... and {len(findings) - MAX_LISTED} more of this kind"
        )
