"""What training would find in folders of images, before it costs a GPU's time."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from translate.batches import Domain, Layout
from translate.engine.config.schema import Data
from translate.engine.data import check, data_warnings
from translate.engine.data.opened_files import OpenedFiles
from translate.engine.data.transform import require_size
from translate.errors import BadImage, DataError
from translate.formats import Header
from translate.images import domain_images
from translate.images.layers import guarded

THREADS = 8
LISTED = 20
"""findings of one kind that are told one by one"""
SPLITS = ("train", "val", "test")


class Remark(NamedTuple):
    """One thing that was found."""

    state: Literal["ok", "note", "broken"]
    what: str
    consequence: str = ""
    """what training would do about it"""


class Seen(NamedTuple):
    """One file."""

    path: Path
    split: str
    header: Header | None
    digest: str
    complaint: str


def look(asked: Data) -> Iterator[Remark]:
    """Yield what is true of the images that `asked` names, in every split there is.

    Each is decoded once. Raises `DataError` where there is nothing to train on.
    """
    seen, lost, files = list[Seen](), list[BadImage](), OpenedFiles()
    for split in dict.fromkeys((asked.split, *SPLITS)):
        try:
            layout = check.open_layout(asked.model_copy(update={"split": split}), files=files)
        except DataError:
            if split == asked.split:
                raise
            continue
        new = set(layout.files) - {file.path for file in seen}  # a flat folder is all its splits
        if split != asked.split and not new:
            continue
        yield Remark("ok", f"{split}: {len(layout)} items in {len(layout.files)} files")
        lost += layout.problems
        kind, by_file = domain_images.common(layout.spec), domain_images.of_files(layout)
        each = {path: by_file.get(path, kind) for path in sorted(new)}
        with ThreadPoolExecutor(THREADS) as pool:
            found = list(pool.map(partial(_look_at, split, asked, files), each, each.values()))
        seen += found
        yield from _pairs(layout, {file.path: file for file in seen})
        yield from _said(layout, asked, found, each, files)
    yield from _some([Remark("broken", str(bad), "left out and listed") for bad in lost])
    yield from _unreadable(seen, asked)
    yield from _kinds(seen)
    yield from _sizes(seen)
    yield from _twice(seen)


def _said(
    layout: Layout,
    asked: Data,
    found: Sequence[Seen],
    each: Mapping[Path, Domain],
    files: OpenedFiles,
) -> Iterator[Remark]:
    """Yield what training says of the same files."""
    headers = {file.path: file.header for file in found}
    sizes = [file.header.size for file in found if file.header]
    lost = data_warnings.notes(headers, each)

    def read(path: Path) -> NDArray[np.uint8]:
        return domain_images.decode(files.read(path), each[path])

    for line in data_warnings.remarks(layout, asked, lost, sizes, read):
        yield Remark("note", f"{found[0].split}: {line}" if found else line)


def _look_at(split: str, asked: Data, files: OpenedFiles, path: Path, kind: Domain) -> Seen:
    try:
        image = files.read(path)
        domain_images.decode(image, kind)
        with guarded(path):
            require_size(asked, *image.header.size)
    except BadImage as bad:
        return Seen(path, split, None, "", bad.reason)
    return Seen(path, split, image.header.without_extra(), image.sha256, "")


def _unreadable(seen: Sequence[Seen], asked: Data) -> Iterator[Remark]:
    bad = [file for file in seen if file.complaint]
    yield from _some(
        [Remark("broken", f"{file.path}: {file.complaint}", "left out and listed") for file in bad]
    )
    trained = [file for file in seen if file.split == asked.split]
    worst = sum(bool(file.complaint) for file in trained)
    if trained and worst > asked.max_bad * len(trained):
        yield Remark(
            "broken", f"{worst} of {len(trained)} files cannot be read",
            f"training is refused: data.max_bad is {asked.max_bad:g}",
        )  # fmt: skip


def _kinds(seen: Sequence[Seen]) -> Iterator[Remark]:
    headers = [file.header for file in seen if file.header]
    modes = Counter(header.mode for header in headers)
    told = ", ".join(f"{count} {mode}" for mode, count in modes.most_common())
    consequence = "read as data.channels says, by default in colour"
    yield Remark("ok" if len(modes) < 2 else "note", f"kinds: {told}",
                 consequence if len(modes) > 1 else "")  # fmt: skip
    if turned := sum(header.orientation > 1 for header in headers):
        yield Remark("ok", f"{turned} are turned by their EXIF tag", "they are read upright")


def _sizes(seen: Sequence[Seen]) -> Iterator[Remark]:
    sizes = Counter(file.header.size for file in seen if file.header)
    if not sizes:
        return
    common = ", ".join(f"{count} {w}x{h}" for (h, w), count in sizes.most_common(3))
    more = f", {len(sizes) - 3} sizes more" if len(sizes) > 3 else ""
    yield Remark("ok", f"sizes: {common}{more}")


def _twice(seen: Sequence[Seen]) -> Iterator[Remark]:
    groups: dict[str, list[Seen]] = defaultdict(list)
    for file in seen:
        if file.digest:
            groups[file.digest].append(file)
    twins = [group for group in groups.values() if len(group) > 1]
    shared = [group for group in twins if len({file.split for file in group}) > 1]
    same = [group for group in twins if len({file.split for file in group}) == 1]
    yield from _some(
        [
            Remark(
                "broken", " = ".join(str(file.path) for file in group),
                "what is tested on was trained on: remove one of them",
            )
            for group in shared
        ]
    )  # fmt: skip
    yield from _some(
        [
            Remark("note", " = ".join(str(f.path) for f in group), "seen more often than others")
            for group in same
        ]
    )


def _pairs(layout: Layout, seen: Mapping[Path, Seen]) -> Iterator[Remark]:
    """Find the items with files of different sizes, where an item's files belong together."""
    unequal = []
    for index in range(len(layout) if layout.paired else 0):
        files = layout.pick(index, Random(0)).files
        headers = [seen[path].header for path in files if path in seen]
        sizes = [header.size for header in headers if header]
        if len(set(sizes)) > 1:
            told = " and ".join(f"{width}x{height}" for height, width in sizes)
            unequal.append(
                Remark("broken", f"{files[0]}: {told}", "the pair is left out and listed")
            )
    yield from _some(unequal)


def _some(remarks: Sequence[Remark]) -> Iterator[Remark]:
    yield from remarks[:LISTED]
    if len(remarks) > LISTED:
        yield remarks[LISTED]._replace(what=f"... and {len(remarks) - LISTED} more of this kind")
