"""Four ways to read folders: unpaired, paired, side by side, and images of one domain.

A domain is a folder: ``ROOT/summer/train``, ``ROOT/train/summer``, ``ROOT/trainsummer`` (which is
what ``trainA`` of the published archives is for the domain ``A``), or ``ROOT/summer`` itself. A
path works wherever a name does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from random import Random
from typing import NamedTuple

from translate import hookimpl, images, registry
from translate.batches import Images, ImageSpec, Layout, Pair, Transform
from translate.errors import BadImage, ConfigError, DataError, suggest


@hookimpl
def register_layouts() -> Mapping[str, Callable[..., Layout]]:
    return {
        "unpaired": Unpaired,
        "paired": Paired,
        "side-by-side": SideBySide,
        "images": OneDomain,
    }


class Unpaired(Layout):
    """Pairs of images that do not belong together; an epoch is the longer domain."""

    def __init__(
        self, root: Path, domains: Sequence[str], split: str, leave_out: Iterable[Path] = ()
    ) -> None:
        _expect("unpaired", domains, 2)
        self.spec = ImageSpec(domains=tuple(domains))
        bad = set(leave_out)
        source, target = _folders(root, domains, split)
        self.source, self.target = _usable(source, bad), _usable(target, bad)
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
    """Pairs of images that show the same: files of one name, whatever their suffixes."""

    def __init__(
        self,
        root: Path,
        domains: Sequence[str],
        split: str,
        leave_out: Iterable[Path] = (),
        drop_unpaired: bool = False,
    ) -> None:
        _expect("paired", domains, 2)
        self.spec = ImageSpec(domains=tuple(domains))
        left, right = (_by_name(folder) for folder in _folders(root, domains, split))
        if left.keys() != right.keys() and not drop_unpaired:
            raise DataError(_table_of_orphans(domains, left, right))
        bad = set(leave_out)
        names = sorted(left.keys() & right.keys())
        self.pairs = [(left[n], right[n]) for n in names if bad.isdisjoint((left[n], right[n]))]
        if not self.pairs:
            why = "none is usable" if names else "no two files have the same name"
            raise DataError(f"no pairs of {domains[0]} and {domains[1]} below {root}: {why}.")
        self.files = sorted({path for pair in self.pairs for path in pair})

    def __len__(self) -> int:
        return len(self.pairs)

    def pick(self, index: int, random: Random) -> tuple[Path, Path]:  # noqa: ARG002
        return self.pairs[index]

    def load(self, files: tuple[Path, ...], transform: Transform) -> Pair:
        source, target = (transform.read(path) for path in files)
        if source.shape != target.shape:
            sizes = [f"{image.shape[1]}x{image.shape[0]}" for image in (source, target)]
            raise BadImage(files[0], f"is {sizes[0]}, but its partner {files[1]} {sizes[1]}")
        return Pair(*transform(source, target))


class SideBySide(Layout):
    """Pairs joined into one picture; `sides` names its left and its right half."""

    def __init__(
        self,
        root: Path,
        domains: Sequence[str],
        split: str,
        sides: Sequence[str] = (),
        leave_out: Iterable[Path] = (),
    ) -> None:
        _expect("side-by-side", domains, 2)
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
        self.files = _usable(_find(f"pairs of {_list(domains)}", [root / split, root]), leave_out)

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


class OneDomain(Layout):
    """Images of one domain."""

    def __init__(
        self, root: Path, domains: Sequence[str], split: str, leave_out: Iterable[Path] = ()
    ) -> None:
        _expect("images", domains, 1)
        self.spec = ImageSpec(domains=tuple(domains))
        (folder,) = _folders(root, domains, split)
        self.files = _usable(folder, leave_out)

    def __len__(self) -> int:
        return len(self.files)

    def pick(self, index: int, random: Random) -> tuple[Path]:  # noqa: ARG002
        return (self.files[index],)

    def load(self, files: tuple[Path, ...], transform: Transform) -> Images:
        return Images(*transform(transform.read(files[0]), roles=("source",)))


# -- folders ---------------------------------------------------------------------------------------

SPLITS = {"train", "test", "val", "valid", "validation"}


class Folder(NamedTuple):
    """Where the images of one domain lie."""

    path: Path
    files: list[Path]


def _folders(root: Path, domains: Sequence[str], split: str) -> list[Folder]:
    return [
        _find(f"domain {name!r}", _places(root, name, split), suggest(name, _names(root)))
        for name in domains
    ]


def _places(root: Path, name: str, split: str) -> list[Path]:
    path = Path(name)
    if path.name != name or (path.is_dir() and not (root / name).exists()):
        return [path / split, path]
    return [root / name / split, root / name, root / split / name, root / f"{split}{name}"]


def _find(what: str, places: Sequence[Path], near: str = "") -> Folder:
    """Return the first of `places` that holds images; a split's images are not its parent's."""
    there = [place for place in places if place.is_dir()]
    for place in there:
        found = [f for f in images.find(place) if not _in_split(f.relative_to(place))]
        if found:
            return Folder(place, found)
    if there:
        raise DataError(f"{what}: no images in {_list(there)}.")
    raise DataError(f"no folder for {what}: looked for {_list(places[:2])}.{near}")


def _in_split(path: Path) -> bool:
    return len(path.parts) > 1 and path.parts[0].lower() in SPLITS


def _names(root: Path) -> set[str]:
    """Return what could be typed as a domain below `root`; samples are drawn in the default one."""
    samples = set(registry.names("domain")) if root == Path("datasets") else set()
    if not root.is_dir():
        return samples
    tops = {folder.name: folder for folder in root.iterdir() if folder.is_dir()}
    inner = {f.name for top in SPLITS & tops.keys() for f in tops[top].iterdir() if f.is_dir()}
    return samples | {n for n in (tops.keys() - SPLITS) | inner if not n.startswith(".")}


def _usable(folder: Folder, leave_out: Iterable[Path]) -> list[Path]:
    bad = set(leave_out)
    if usable := [path for path in folder.files if path not in bad]:
        return usable
    raise DataError(f"{folder.path}: not one of its {len(folder.files)} images can be read.")


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


def _expect(layout: str, domains: Sequence[str], count: int) -> None:
    if len(domains) != count:
        wanted = "one domain" if count == 1 else "two domains"
        given = f": {', '.join(domains)}" if domains else ""
        raise ConfigError(f"layout {layout!r} reads {wanted}, and {len(domains)} are given{given}.")


def _list(things: Iterable[object]) -> str:
    return " and ".join(map(str, things))
