"""Where the images of a domain lie.

A domain is a folder: ``ROOT/summer/train``, ``ROOT/train/summer``, ``ROOT/trainsummer`` (which is
what ``trainA`` of the published archives is for the domain ``A``), or ``ROOT/summer`` itself. A
path works wherever a name does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from translate import images, registry
from translate.errors import ConfigError, DataError, suggest

SPLITS = {"train", "test", "val", "valid", "validation"}


class Folder(NamedTuple):
    """Where the images of one domain lie."""

    path: Path
    files: list[Path]


def expect(layout: str, domains: Sequence[str], count: int, *, or_more: bool = False) -> None:
    """Raise `ConfigError` where `layout` cannot read as many `domains`."""
    if len(domains) == count or (or_more and len(domains) > count):
        return
    wanted = ("one domain" if count == 1 else "two domains") + " or more" * or_more
    given = f": {', '.join(domains)}" if domains else ""
    raise ConfigError(f"layout {layout!r} reads {wanted}, and {len(domains)} are given{given}.")


def find_domains(root: Path, domains: Sequence[str], split: str) -> list[Folder]:
    """Return where the images of each domain lie; raises `DataError` where there are none."""
    return [
        find(f"domain {name!r}", _places(root, name, split), suggest(name, _names(root)))
        for name in domains
    ]


def find(what: str, places: Sequence[Path], near: str = "") -> Folder:
    """Return the first of `places` that holds images; a split's images are not its parent's."""
    there = [place for place in places if place.is_dir()]
    for place in there:
        found = [f for f in images.find(place) if not _in_split(f.relative_to(place))]
        if found:
            return Folder(place, found)
    if there:
        raise DataError(f"{what}: no images in {listed(there)}.")
    raise DataError(f"no folder for {what}: looked for {listed(places[:2])}.{near}")


def usable(folder: Folder, leave_out: Iterable[Path]) -> list[Path]:
    """Return the files of `folder` without those left out; raises `DataError` if none is left."""
    bad = set(leave_out)
    if usable := [path for path in folder.files if path not in bad]:
        return usable
    raise DataError(f"{folder.path}: not one of its {len(folder.files)} images can be read.")


def is_path(root: Path, name: str) -> bool:
    """Tell whether `name` is a path rather than the name of a folder below `root`."""
    path = Path(name)
    return path.name != name or (path.is_dir() and not (root / name).exists())


def listed(things: Iterable[object]) -> str:
    """Return `things` as a sentence has them: a and b."""
    return " and ".join(map(str, things))


def _places(root: Path, name: str, split: str) -> list[Path]:
    if is_path(root, name):
        return [Path(name) / split, Path(name)]
    return [root / name / split, root / name, root / split / name, root / f"{split}{name}"]


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
