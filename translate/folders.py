"""Folders of images: what lies in them, and where the images of a domain are.

A domain is a folder: ``ROOT/summer/train``, ``ROOT/train/summer``, ``ROOT/trainsummer`` (which is
what ``trainA`` of the published archives is for the domain ``A``), or ``ROOT/summer`` itself. A
path works wherever a name does. Layouts of plugins may use all of this.
"""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from translate import images, registry
from translate.engine.names import is_hidden
from translate.errors import BadImage, ConfigError, DataError, suggest

SPLITS = frozenset({"train", "test", "val", "valid", "validation"})
MOST_NAMES = 100
"""under how many names one folder is read: links may double with every level"""


# -- what lies in a folder -------------------------------------------------------------------------


class Found(NamedTuple):
    """What lies below a folder."""

    images: list[Path]
    skipped: list[Path]
    """Files with another suffix."""
    problems: list[BadImage]
    """Links to nothing, and files and folders that cannot be looked at."""


def find_images(source: Path) -> list[Path]:
    """Return the images at any depth below `source`, sorted."""
    return scan(source).images


def scan(source: Path) -> Found:
    """Return what lies at any depth below `source`, by name: a file with two names is found twice.

    Links are followed; only a folder that leads back to one it lies in is not entered again. What
    `is_hidden` is passed over. Raises `DataError` where there is no such folder.
    """
    if not source.is_dir():
        raise DataError(f"{source} is not a folder.")
    found, visits = Found([], [], []), Counter[Path]()
    folders: list[tuple[Path, tuple[Path, ...]]] = [(source, ())]
    while folders:
        folder, above = folders.pop()
        try:
            real = folder.resolve(strict=True)
            if any(real == place or real in place.parents for place in above):
                continue  # a loop
            visits[real] += 1
            if visits[real] > MOST_NAMES:
                if visits[real] == MOST_NAMES + 1:
                    reason = f"links give {real} over {MOST_NAMES} names: the others are not read"
                    found.problems.append(BadImage(folder, reason))
                continue
            with os.scandir(folder) as listing:
                entries = [entry for entry in listing if not is_hidden(entry.name)]
        except (OSError, RuntimeError) as error:
            found.problems.append(BadImage(folder, _reason(error)))
            continue
        for entry in entries:
            if _look_at(entry, folder / entry.name, found):
                folders.append((folder / entry.name, (*above, real)))
    return Found(
        sorted(found.images), sorted(found.skipped), sorted(found.problems, key=lambda b: b.path)
    )


def _look_at(entry: os.DirEntry[str], path: Path, found: Found) -> bool:
    """Tell whether `entry`, which lies at `path`, is a folder; add anything else to `found`."""
    try:
        if entry.is_dir():
            return True
        if entry.is_file():
            is_image = path.suffix.lower() in images.SUFFIXES
            (found.images if is_image else found.skipped).append(path)
        elif entry.is_symlink():
            found.problems.append(BadImage(path, "a link to nothing"))
    except OSError as error:
        found.problems.append(BadImage(path, _reason(error)))
    return False


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def subfolders(folder: Path) -> list[Path]:
    """Return the folders in `folder`, sorted, without those that are passed over.

    Raises `DataError` where there is no such folder.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder.")
    return sorted(p for p in folder.iterdir() if p.is_dir() and not is_hidden(p.name))


# -- where the images of a domain lie --------------------------------------------------------------


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
        first_with_images(
            f"domain {name!r}", _places(root, name, split), suggest(name, _names(root))
        )
        for name in domains
    ]


def first_with_images(what: str, places: Sequence[Path], near: str = "") -> Folder:
    """Return the first of `places` that holds images; a split's images are not its parent's."""
    there = [place for place in places if place.is_dir()]
    for place in there:
        found = [f for f in find_images(place) if not _in_split(f.relative_to(place))]
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
    tops = {folder.name: folder for folder in subfolders(root)}
    inner = {folder.name for top in SPLITS & tops.keys() for folder in subfolders(tops[top])}
    return samples | (tops.keys() - SPLITS) | inner
