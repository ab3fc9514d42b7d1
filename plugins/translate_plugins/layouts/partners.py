"""What layouts of aligned pairs share: who belongs to whom, and what to do about the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from translate.batches import Item, Pair, Transform
from translate.errors import BadImage, DataError
from translate.folders.listing import stem_below

OTHERWISE = (
    " Pairs by suffixes of names in one folder: --set "
    '"data.layout={name: suffix, source: _in, target: _out}"; by a table: --set '
    '"data.layout={name: csv, file: pairs.csv}".'
)
"""what `paired` says of folders that it cannot read"""


def by_name(folder: Path, files: Iterable[Path]) -> dict[str, Path]:
    """Return `files` by their path below `folder`, without suffix."""
    named: dict[str, Path] = {}
    for path in files:
        name = stem_below(path, folder)
        if name in named:
            raise DataError(f"{named[name]} and {path} have one name: keep one of them.")
        named[name] = path
    return named


def partners(
    names: Sequence[str],
    left: Mapping[str, Path],
    right: Mapping[str, Path],
    *,
    drop_unpaired: bool,
    rule: str = f"Pairs have the same name in both folders.{OTHERWISE}",
) -> tuple[list[str], list[str]]:
    """Return the keys that both sides have, and what to say of images without a partner.

    Raises `DataError` for those unless they may be dropped, and so for pairs of one file.
    """
    both, alone = sorted(left.keys() & right.keys()), left.keys() ^ right.keys()
    itself = [key for key in both if is_same_file(left[key], right[key])]
    if itself and not drop_unpaired:
        one, other = left[itself[0]], right[itself[0]]
        raise DataError(
            f"{len(itself)} of {len(both)} images are their own partner, by links: the first is "
            f"{one}, which is {other}. Remove the links, or go on without: --drop-unpaired."
        )
    if alone and not drop_unpaired:
        table = _table_of_orphans(names, left, right)
        raise DataError(*table, rule, "--drop-unpaired goes on without the others.")
    both = sorted({*both} - {*itself})
    dropped = {"without a partner": len(alone), "that are their own partner": len(itself)}
    what = " and ".join(f"{count} images {why}" for why, count in dropped.items() if count)
    return both, [f"skipped {what}; {len(both)} pairs are left"] if what else []


def is_same_file(source: Path, target: Path) -> bool:
    """Tell whether both are one file, by a link or two names."""
    try:
        return source == target or source.samefile(target)
    except OSError:  # gone: whoever reads it lists it
        return False


def load_pair(item: Item, transform: Transform) -> Pair:
    """Return two images of one size, cropped alike."""
    source, target = (transform.read(path) for path in item.files)
    if source.shape[:2] != target.shape[:2]:
        sizes = [f"{image.shape[1]}x{image.shape[0]}" for image in (source, target)]
        raise BadImage(item.files[0], f"is {sizes[0]}, but its partner {item.files[1]} {sizes[1]}")
    return Pair(*transform(source, target))


def _table_of_orphans(
    domains: Sequence[str], left: Mapping[str, Path], right: Mapping[str, Path], most: int = 5
) -> list[str]:
    sides = [sorted(left.keys() - right.keys()), sorted(right.keys() - left.keys())]
    width = max(len(text) for text in (*sides[0][:most], f"only in {domains[0]}"))
    rows = [(f"only in {name}" for name in domains), *zip_longest(*(s[:most] for s in sides))]
    table = [f"  {a or '':{width}}  {b or ''}".rstrip() for a, b in rows]
    counts = f"{len(sides[0])} of {domains[0]}, {len(sides[1])} of {domains[1]}"
    more = ["  ..."] if max(map(len, sides)) > most else []
    return [f"images without a partner: {counts}", *table, *more]
