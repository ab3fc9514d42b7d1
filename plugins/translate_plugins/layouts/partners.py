"""Matching of the images of two domains, for layouts of aligned pairs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from random import Random

from translate.batches import Item, Layout, Pair, Transform
from translate.errors import BadImage, DataError
from translate.folders.listing import stem_below
from translate.folders.names import common_end

OTHER_LAYOUTS = (
    " Pairs by suffixes of names, in one folder or two: --set "
    '"data.layout={name: suffix, source: _in, target: _out}"; by a table: --set '
    '"data.layout={name: csv, file: pairs.csv}"; side by side in one image: --set '
    '"data.layout={name: side-by-side, sides: [LEFT, RIGHT]}" --domains LEFT RIGHT.'
)
"""end of errors on data without files of the same name in two folders"""


def index_by_name(folder: Path, files: Iterable[Path]) -> dict[str, Path]:
    """Return `files` by their path relative to `folder`, without suffix.

    Raises `DataError` for two files of the same name.
    """
    by_stem: dict[str, Path] = {}
    for path in files:
        name = stem_below(path, folder)
        if name in by_stem:
            raise DataError(f"{by_stem[name]} and {path} have the same name: keep one of them.")
        by_stem[name] = path
    return by_stem


def match_partners(
    domains: Sequence[str],
    left: Mapping[str, Path],
    right: Mapping[str, Path],
    *,
    drop_unpaired: bool,
    rule: str = "",
) -> tuple[list[str], list[str]]:
    """Return the keys of pairs, and at most one message on skipped images.

    Args:
        domains: the names of the two domains, for messages.
        left: images of the first domain by key.
        right: images of the second domain by key.
        drop_unpaired: whether images without a partner, and pairs of one file, are skipped.
        rule: how files are paired, for the error; by default, by their names.

    Raises:
        DataError: there are such images or pairs, and `drop_unpaired` is false.
    """
    keys, unpaired = sorted(left.keys() & right.keys()), left.keys() ^ right.keys()
    same_file = [key for key in keys if is_same_file(left[key], right[key])]
    if same_file and not drop_unpaired:
        link, file = left[same_file[0]], right[same_file[0]]
        raise DataError(
            f"{len(same_file)} of {len(keys)} pairs are links to one file: the first is {link}, "
            f"which is the same as {file}. Remove the links, or skip these pairs: --drop-unpaired."
        )
    if unpaired and not drop_unpaired:
        table = _table_of_unpaired(domains, left, right)
        how = rule or _same_names(left, right)
        raise DataError(*table, how, "--drop-unpaired skips images without a partner.")
    keys = sorted({*keys} - {*same_file})
    skip_counts = {"images without a partner": len(unpaired), "pairs of one file": len(same_file)}
    text = " and ".join(f"{count} {reason}" for reason, count in skip_counts.items() if count)
    return keys, [f"skipped {text}; {len(keys)} pairs are left"] if text else []


def is_same_file(source: Path, target: Path) -> bool:
    """Return whether both paths lead to the same file, possibly by a link."""
    try:
        on_disk = isinstance(source, Path)  # not the URL of an object
        return source == target or (on_disk and source.samefile(target))
    except OSError:  # a file was deleted meanwhile: `Layout.load` reports it
        return False


def common_ends(left: Iterable[str], right: Iterable[str]) -> tuple[str, str, int]:
    """Return the ends that all names of each side share, and how many pairs they leave.

    ``1_sketch, 2_sketch`` and ``1_photo, 2_photo`` have the ends ``_sketch`` and ``_photo``, and
    are two pairs. Digits at the start of an end are not part of it.
    """
    left_names, right_names = [*left], [*right]
    left_end, right_end = common_end(left_names), common_end(right_names)
    left_stems = {name.removesuffix(left_end) for name in left_names}
    right_stems = {name.removesuffix(right_end) for name in right_names}
    return left_end, right_end, len((left_stems & right_stems) - {""})


def _same_names(left: Iterable[str], right: Iterable[str]) -> str:
    """Return how pairs are found by name, and the setting for names with different ends."""
    rule = "Pairs have the same name in both folders."
    source, target, count = common_ends(left, right)
    if source == target or not count:
        return rule + OTHER_LAYOUTS
    suffixes = "source: {}, target: {}".format(
        *(end if re.fullmatch(r"[_-]\w+", end) else f"'{end}'" for end in (source, target))
    )
    return (
        f"{rule} The ends of these names differ; {count} pair{'s' if count > 1 else ''} by: "
        f'--set "data.layout={{name: suffix, {suffixes}}}"'
    )


class AlignedPairs(Layout):
    """A layout of aligned pairs of images; subclasses set the files of each pair."""

    batch = Pair
    paired = True
    pairs: Sequence[tuple[Path, Path]]

    def set_pairs(self, pairs: Iterable[tuple[Path, Path]], leave_out: Iterable[Path]) -> None:
        """Set `pairs`, without pairs with a file in `leave_out`, and the lists of their files."""
        unreadable = set(leave_out)
        self.pairs = [pair for pair in pairs if unreadable.isdisjoint(pair)]
        self.files = sorted({path for pair in self.pairs for path in pair})
        self.domain_files = list(zip(*self.pairs, strict=True))

    def __len__(self) -> int:
        return len(self.pairs)

    def pick(self, index: int, random: Random) -> Item:  # noqa: ARG002
        return Item(self.pairs[index])

    def load(self, item: Item, transform: Transform) -> Pair:
        """Return two images with the same crop; raises `BadImage` if their sizes differ."""
        source, target = (transform.read(path) for path in item.files)
        if source.shape[:2] != target.shape[:2]:
            size, other_size = (f"{image.shape[1]}x{image.shape[0]}" for image in (source, target))
            raise BadImage(
                item.files[0], f"is {size}, but its partner {item.files[1]} {other_size}"
            )
        return Pair(*transform(source, target))


def _table_of_unpaired(
    domains: Sequence[str], left: Mapping[str, Path], right: Mapping[str, Path], limit: int = 5
) -> list[str]:
    sides = [sorted(left.keys() - right.keys()), sorted(right.keys() - left.keys())]
    width = max(len(text) for text in (*sides[0][:limit], f"only in {domains[0]}"))
    rows = [(f"only in {name}" for name in domains), *zip_longest(*(s[:limit] for s in sides))]
    table = [f"  {a or '':{width}}  {b or ''}".rstrip() for a, b in rows]
    counts = f"{len(sides[0])} of {domains[0]}, {len(sides[1])} of {domains[1]}"
    more = ["  ..."] if max(map(len, sides)) > limit else []
    return [f"images without a partner: {counts}", *table, *more]
