"""Matching of the images of two domains, for layouts of aligned pairs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from random import Random

from translate.batches import Item, Layout, Pair, Transform
from translate.errors import BadImage, DataError
from translate.folders.listing import stem_below

OTHER_LAYOUTS = (
    " Pairs by suffixes of names in one folder: --set "
    '"data.layout={name: suffix, source: _in, target: _out}"; by a table: --set '
    '"data.layout={name: csv, file: pairs.csv}".'
)
"""hint for folders without files of the same name"""


def by_name(folder: Path, files: Iterable[Path]) -> dict[str, Path]:
    """Return `files` by their path relative to `folder`, without suffix."""
    by_stem: dict[str, Path] = {}
    for path in files:
        name = stem_below(path, folder)
        if name in by_stem:
            raise DataError(f"{by_stem[name]} and {path} have the same name: keep one of them.")
        by_stem[name] = path
    return by_stem


def partners(
    names: Sequence[str],
    left: Mapping[str, Path],
    right: Mapping[str, Path],
    *,
    drop_unpaired: bool,
    rule: str = f"Pairs have the same name in both folders.{OTHER_LAYOUTS}",
) -> tuple[list[str], list[str]]:
    """Return the keys of pairs, and messages on skipped images.

    Args:
        names: the two domains, for messages.
        left: images of the first domain by key.
        right: images of the second domain by key.
        drop_unpaired: whether images without a partner, and pairs of one file, are skipped.
        rule: how files are paired, for the error.

    Raises:
        DataError: there are such images, and they are not skipped.
    """
    both, unpaired = sorted(left.keys() & right.keys()), left.keys() ^ right.keys()
    same_file = [key for key in both if is_same_file(left[key], right[key])]
    if same_file and not drop_unpaired:
        one, other = left[same_file[0]], right[same_file[0]]
        raise DataError(
            f"{len(same_file)} of {len(both)} pairs are links to one file: the first is {one}, "
            f"which is the same as {other}. Remove the links, or skip these pairs: --drop-unpaired."
        )
    if unpaired and not drop_unpaired:
        table = _table_of_unpaired(names, left, right)
        raise DataError(*table, rule, "--drop-unpaired skips images without a partner.")
    both = sorted({*both} - {*same_file})
    dropped = {"images without a partner": len(unpaired), "pairs of one file": len(same_file)}
    text = " and ".join(f"{count} {what}" for what, count in dropped.items() if count)
    return both, [f"skipped {text}; {len(both)} pairs are left"] if text else []


def is_same_file(source: Path, target: Path) -> bool:
    """Return whether both paths are the same file, possibly by a link."""
    try:
        return source == target or source.samefile(target)
    except OSError:  # deleted since it was listed: reported when it is read
        return False


class AlignedPairs(Layout):
    """A layout of pairs of files, which a subclass lists in `pairs`."""

    batch, paired = Pair, True
    pairs: Sequence[tuple[Path, Path]]

    def __len__(self) -> int:
        return len(self.pairs)

    def pick(self, index: int, random: Random) -> Item:  # noqa: ARG002
        return Item(self.pairs[index])

    def load(self, item: Item, transform: Transform) -> Pair:
        """Return two images of one size, with the same crop and augmentation."""
        source, target = (transform.read(path) for path in item.files)
        if source.shape[:2] != target.shape[:2]:
            a, b = (f"{image.shape[1]}x{image.shape[0]}" for image in (source, target))
            raise BadImage(item.files[0], f"is {a}, but its partner {item.files[1]} {b}")
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
