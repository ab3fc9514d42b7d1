"""Pairs of images: unpaired, paired by name, and side by side in one picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from random import Random

from translate.batches import ImageSpec, Layout, Pair, Transform
from translate.errors import BadImage, ConfigError, DataError, suggest
from translate.folders import Folder, expect, find_domains, first_with_images, listed, usable


class Unpaired(Layout):
    """Two folders of unrelated images; an epoch is the longer domain."""

    def __init__(
        self, root: Path, domains: Sequence[str], split: str, leave_out: Iterable[Path] = ()
    ) -> None:
        expect("unpaired", domains, 2)
        self.spec = ImageSpec(domains=tuple(domains))
        bad = set(leave_out)
        source, target = find_domains(root, domains, split)
        self.source, self.target = usable(source, bad), usable(target, bad)
        self.domain_files = [self.source, self.target]
        self.files = sorted({*self.source, *self.target})

    def __len__(self) -> int:
        return max(len(self.source), len(self.target))

    def pick(self, index: int, random: Random) -> tuple[Path, Path]:
        """Return image `index` of the longer domain, and a random one of the other."""
        if len(self.source) >= len(self.target):
            return self.source[index], random.choice(self.target)
        return random.choice(self.source), self.target[index]

    def load(self, files: tuple[Path, ...], transform: Transform) -> Pair:
        source, target = files
        (left,) = transform(transform.read(source), roles=("source",))
        (right,) = transform(transform.read(target), roles=("target",))
        return Pair(left, right)


class Paired(Layout):
    """Two folders of paired images: files with one name, whatever their suffixes."""

    def __init__(
        self,
        root: Path,
        domains: Sequence[str],
        split: str,
        leave_out: Iterable[Path] = (),
        drop_unpaired: bool = False,
    ) -> None:
        expect("paired", domains, 2)
        self.spec = ImageSpec(domains=tuple(domains))
        left, right = (_by_name(folder) for folder in find_domains(root, domains, split))
        if left.keys() != right.keys() and not drop_unpaired:
            raise DataError(_table_of_orphans(domains, left, right))
        bad = set(leave_out)
        names = sorted(left.keys() & right.keys())
        self.pairs = [(left[n], right[n]) for n in names if bad.isdisjoint((left[n], right[n]))]
        if not self.pairs:
            why = "none is usable" if names else "no two files have the same name"
            raise DataError(f"no pairs of {domains[0]} and {domains[1]} below {root}: {why}.")
        self.domain_files = list(zip(*self.pairs, strict=True))
        self.files = sorted({path for pair in self.pairs for path in pair})

    def __len__(self) -> int:
        return len(self.pairs)

    def pick(self, index: int, random: Random) -> tuple[Path, Path]:  # noqa: ARG002
        return self.pairs[index]

    def load(self, files: tuple[Path, ...], transform: Transform) -> Pair:
        source, target = (transform.read(path) for path in files)
        if source.shape[:2] != target.shape[:2]:
            sizes = [f"{image.shape[1]}x{image.shape[0]}" for image in (source, target)]
            raise BadImage(files[0], f"is {sizes[0]}, but its partner {files[1]} {sizes[1]}")
        return Pair(*transform(source, target))


class SideBySide(Layout):
    """One folder of paired images joined side by side; `data.sides` names the halves."""

    def __init__(
        self,
        root: Path,
        domains: Sequence[str],
        split: str,
        sides: Sequence[str] = (),
        leave_out: Iterable[Path] = (),
    ) -> None:
        expect("side-by-side", domains, 2)
        if len(set(sides)) != 2:
            raise ConfigError(
                "layout 'side-by-side' needs the names of the left and the right half: "
                f'--set "data.sides=[{domains[0]}, {domains[1]}]"'
            )
        for name in domains:
            if name not in sides:
                raise ConfigError(f"no side is called {name!r}.{suggest(name, sides)}")
        self.spec = ImageSpec(domains=tuple(domains))
        self.order = [sides.index(name) for name in domains]
        self.files = usable(
            first_with_images(f"pairs of {listed(domains)}", [root / split, root]), leave_out
        )

    def __len__(self) -> int:
        return len(self.files)

    def pick(self, index: int, random: Random) -> tuple[Path]:  # noqa: ARG002
        return (self.files[index],)

    def load(self, files: tuple[Path, ...], transform: Transform) -> Pair:
        joined = transform.read(files[0])
        middle, odd = divmod(joined.shape[1], 2)
        if odd or not middle:
            raise BadImage(files[0], f"cannot be halved: it is {joined.shape[1]} pixels wide")
        halves = joined[:, :middle], joined[:, middle:]
        return Pair(*transform(*(halves[side] for side in self.order)))


def _by_name(folder: Folder) -> dict[str, Path]:
    """Return the files of `folder` by their path below it, without suffix."""
    named: dict[str, Path] = {}
    for path in folder.files:
        name = str(path.relative_to(folder.path).with_suffix(""))
        if name in named:
            raise DataError(f"{named[name]} and {path} have one name: keep one of them.")
        named[name] = path
    return named


def _table_of_orphans(
    domains: Sequence[str], left: Mapping[str, Path], right: Mapping[str, Path], most: int = 5
) -> str:
    sides = [sorted(left.keys() - right.keys()), sorted(right.keys() - left.keys())]
    width = max(len(text) for text in (*sides[0][:most], f"only in {domains[0]}"))
    rows = [(f"only in {name}" for name in domains), *zip_longest(*(s[:most] for s in sides))]
    table = "".join(f"\n  {a or '':{width}}  {b or ''}".rstrip() for a, b in rows)
    return (
        f"images without a partner: {len(sides[0])} of {domains[0]}, {len(sides[1])} of "
        f"{domains[1]}{table}{'  ...' if max(map(len, sides)) > most else ''}\n"
        "Pairs have the same name in both folders. --drop-unpaired goes on without the others."
    )
