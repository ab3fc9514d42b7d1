"""Walk a folder, one folder at a time, so that memory does not grow with the number of files."""

import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from translate.errors import BadImage, reason_of
from translate.folders.names import is_hidden, is_own
from translate.images.files.format_registry import image_suffixes

MOST_NAMES = 100
"""under how many names one folder is read: links may double with every level"""


class Siblings(NamedTuple):
    """The files of one folder, or of folders with names that differ only in case or accents."""

    images: list[str]
    """their paths below the root, with slashes, sorted"""
    skipped: list[str]
    """files with another suffix, without our own such as ``captions.jsonl``"""
    folders: list[str]
    """their subfolders"""
    problems: list[BadImage]
    """dead links, and files and folders that cannot be read"""

    @classmethod
    def empty(cls) -> "Siblings":
        """Return lists to add to."""
        return cls([], [], [], [])


Folder = tuple[str, tuple[Path, ...]]
"""a folder's path below the root, and the resolved folders above it"""


def walk(root: Path, *, deep: bool = True, excluded: Path | None = None) -> Iterator[Siblings]:
    """Yield the files in `root`, then those of each subfolder, in an order of names alone.

    Links are followed, except those to a parent folder. A file with two names is listed twice.
    Hidden folders are skipped.

    Args:
        root: The folder.
        deep: Enter subfolders.
        excluded: A resolved folder of which no files are listed.
    """
    visits = Counter[Path]()
    pending: list[list[Folder]] = [[("", ())]]
    while pending:
        siblings, below = Siblings.empty(), dict[str, list[Folder]]()
        for name, above in sorted(pending.pop()):
            for folder in _list(root, name, above, visits, excluded, siblings):
                below.setdefault(folded(folder[0]), []).append(folder)
        for names in siblings[:3]:
            names.sort()
        yield siblings
        if deep:
            pending += [below[key] for key in sorted(below, reverse=True)]


def _list(
    root: Path,
    name: str,
    above: tuple[Path, ...],
    visits: Counter[Path],
    excluded: Path | None,
    siblings: Siblings,
) -> list[Folder]:
    """Add the files of a folder to `siblings`, and return its subfolders."""
    folder, subfolders, suffixes = root / name, list[Folder](), image_suffixes()
    try:
        real = folder.resolve(strict=True)
        if any(real == place or real in place.parents for place in above):
            return []  # a loop
        if excluded and real.is_relative_to(excluded):
            return []
        visits[real] += 1
        if visits[real] > MOST_NAMES:
            if visits[real] == MOST_NAMES + 1:
                reason = f"links give {real} over {MOST_NAMES} names: the others are not read"
                siblings.problems.append(BadImage(folder, reason))
            return []
        with os.scandir(folder) as listing:
            for entry in listing:
                if is_hidden(entry.name):
                    continue
                below = f"{name}/{entry.name}" if name else entry.name
                try:
                    if entry.is_dir():
                        siblings.folders.append(below)
                        subfolders.append((below, (*above, real)))
                    elif entry.is_file():
                        add_file(siblings, below, suffixes)
                    elif entry.is_symlink():
                        raise OSError("a link to nothing")
                    elif has_suffix(below, suffixes):
                        raise OSError("neither a file nor a folder")
                except OSError as error:
                    siblings.problems.append(BadImage(root / below, reason_of(error)))
    except (OSError, RuntimeError) as error:
        siblings.problems.append(BadImage(folder, reason_of(error)))
    return subfolders


def add_file(siblings: Siblings, name: str, suffixes: frozenset[str]) -> None:
    """Add a file to the images or the skipped files of `siblings`, unless it is one of ours."""
    if has_suffix(name, suffixes):
        if not name.endswith(".png") or not is_own(name.rpartition("/")[2]):
            siblings.images.append(name)
    elif not is_own(name.rpartition("/")[2]):
        siblings.skipped.append(name)


def has_suffix(name: str, suffixes: frozenset[str]) -> bool:
    """Return whether the suffix of a file's name, in lower case, is one of `suffixes`."""
    return split_suffix(name)[1].lower() in suffixes


def split_suffix(name: str) -> tuple[str, str]:
    """Return a path without its suffix, and the suffix; faster than `pathlib`, for millions."""
    stem, dot, suffix = name.rpartition(".")
    if not dot or not stem or stem.endswith("/") or "/" in suffix:
        return name, ""
    return stem, f".{suffix}"


def group(names: Iterable[str]) -> list[Siblings]:
    """Return images by their folder, with these folders as the subfolders of others."""
    groups, known = dict[str, Siblings](), {""}
    for name in sorted(names):
        folder = name.rpartition("/")[0]
        groups.setdefault(folded(folder), Siblings.empty()).images.append(name)
        while folder not in known:
            known.add(folder)
            above = folder.rpartition("/")[0]
            groups.setdefault(folded(above), Siblings.empty()).folders.append(folder)
            folder = above
    return [groups[key] for key in sorted(groups)]


def folded(name: str) -> str:
    """Return `name` without case and with composed accents, which some file systems ignore."""
    if name.isascii():
        return name if name.islower() else name.lower()
    return unicodedata.normalize("NFC", name.casefold())
