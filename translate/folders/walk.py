"""List a folder and its subfolders one by one, in memory that does not grow with their number."""

import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from translate.engine.objects.files import ObjectFiles, open_files
from translate.engine.system.locations import UrlPath
from translate.errors import BadImage, DataError, reason_of
from translate.folders.names import is_hidden, is_toolkit_file
from translate.images.files.format_registry import image_suffixes

MAX_VISITS = 100
"""number of paths under which one folder is read; links between folders may make endless paths"""
INVALID_PARTS = {"", ".", ".."}
"""parts that the key of an object may have, and a path cannot"""


class Siblings(NamedTuple):
    """The files of one folder, or of all folders with paths that differ only in case or accents."""

    images: list[str]
    """paths below the root, with slashes, sorted; so are `skipped` and `folders`"""
    skipped: list[str]
    """files without an image suffix, except files of this toolkit such as ``captions.jsonl``"""
    folders: list[str]
    """subfolders"""
    problems: list[BadImage]
    """an error for each dead link, and for each file or folder that cannot be read"""

    @classmethod
    def empty(cls) -> "Siblings":
        """Return empty lists for `add_file`."""
        return cls([], [], [], [])


class PendingFolder(NamedTuple):
    """A folder that is still to be listed."""

    path: str
    """below the root, with slashes"""
    parents: tuple[Path, ...]
    """resolved, from the root"""


def walk(root: Path, *, excluded: Path | None = None) -> Iterator[Siblings]:
    """Yield the files in `root`, then those of each subfolder, sorted by path.

    The order depends only on names, not on the file system or the object store.
    Links are followed, except those to a parent folder. A file with two names is listed twice.
    Hidden folders are skipped.

    Args:
        root: The folder, on the disk or in an object store.
        excluded: A resolved folder; its files are not listed.

    Raises:
        OSError: A folder of a store cannot be listed; on the disk, this is one of the problems.
    """
    if isinstance(root, UrlPath):
        list_folder = partial(_list_store_folder, open_files(root.scheme, root.host))
    else:
        list_folder = partial(_list_folder, Counter[Path]())
    pending = [[PendingFolder("", ())]]
    while pending:
        siblings, below = Siblings.empty(), dict[str, list[PendingFolder]]()
        for folder in sorted(pending.pop()):
            for subfolder in list_folder(root, folder, excluded, siblings):
                below.setdefault(folded(subfolder.path), []).append(subfolder)
        for names in (siblings.images, siblings.skipped, siblings.folders):
            names.sort()
        yield siblings
        pending += [below[key] for key in sorted(below, reverse=True)]


def _list_folder(
    visits: Counter[Path],
    root: Path,
    pending: PendingFolder,
    excluded: Path | None,
    siblings: Siblings,
) -> list[PendingFolder]:
    """Add the files of a folder to `siblings`, and return its subfolders."""
    folder, subfolders, suffixes = root / pending.path, list[PendingFolder](), image_suffixes()
    try:
        real = folder.resolve(strict=True)
        if any(real == parent or real in parent.parents for parent in pending.parents):
            return []  # a link to a parent folder
        if excluded and real.is_relative_to(excluded):
            return []
        visits[real] += 1
        if visits[real] > MAX_VISITS:
            if visits[real] == MAX_VISITS + 1:
                reason = f"links give {real} over {MAX_VISITS} names: the others are not read"
                siblings.problems.append(BadImage(folder, reason))
            return []
        with os.scandir(folder) as listing:
            for entry in listing:
                if is_hidden(entry.name):
                    continue
                below = f"{pending.path}/{entry.name}" if pending.path else entry.name
                if add_entry(siblings, root, below, entry, suffixes):
                    subfolders.append(PendingFolder(below, (*pending.parents, real)))
    except (OSError, RuntimeError) as error:
        siblings.problems.append(BadImage(folder, reason_of(error)))
    return subfolders


def _list_store_folder(
    files: ObjectFiles,
    root: Path,
    pending: PendingFolder,
    excluded: Path | None,
    siblings: Siblings,
) -> list[PendingFolder]:
    """Add the files of a folder of a store to `siblings`, and return its subfolders."""
    folder, subfolders, suffixes = root / pending.path, list[PendingFolder](), image_suffixes()
    if excluded and folder.is_relative_to(excluded):
        return []
    for part, has_files, *_ in files.entries(folder):
        below = f"{pending.path}/{part}" if pending.path else part
        if part in INVALID_PARTS:
            reason = f"keys with the part {part!r} are not read: no path has it"
            siblings.problems.append(BadImage(folder, reason))
        elif has_files and not is_hidden(part):
            siblings.folders.append(below)
            subfolders.append(PendingFolder(below, ()))
        elif not is_hidden(part):
            add_file(siblings, below, suffixes)
    return subfolders


def is_folder(path: Path) -> bool:
    """Return whether there is a folder, on the disk or in a store.

    Raises:
        DataError: The store fails.
    """
    if not isinstance(path, UrlPath):
        return path.is_dir()
    try:
        return open_files(path.scheme, path.host).is_folder(path)
    except OSError as error:
        raise DataError(f"{path}: {reason_of(error)}.") from error


def add_entry(
    siblings: Siblings,
    root: Path,
    name: str,
    entry: "os.DirEntry[str] | Path",
    suffixes: frozenset[str],
) -> bool:
    """Add what is on the disk at `name` below `root`; return whether it is a folder."""
    try:
        if entry.is_dir():
            siblings.folders.append(name)
            return True
        if entry.is_file():
            add_file(siblings, name, suffixes)
        elif entry.is_symlink():
            raise OSError("a link to nothing")
        elif has_suffix(name, suffixes):
            raise OSError("neither a file nor a folder")
    except OSError as error:
        siblings.problems.append(BadImage(root / name, reason_of(error)))
    return False


def add_file(siblings: Siblings, name: str, suffixes: frozenset[str]) -> None:
    """Add a file to the images or the skipped files of `siblings`, unless this toolkit wrote it."""
    if has_suffix(name, suffixes):
        if not name.endswith(".png") or not is_toolkit_file(name.rpartition("/")[2]):
            siblings.images.append(name)
    elif not is_toolkit_file(name.rpartition("/")[2]):
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
    """Return what `walk` yields for the images at the paths `names`."""
    groups, known_folders = dict[str, Siblings](), {""}
    for name in sorted(names):
        folder = name.rpartition("/")[0]  # "" for the root
        groups.setdefault(folded(folder), Siblings.empty()).images.append(name)
        while folder not in known_folders:
            known_folders.add(folder)
            parent = folder.rpartition("/")[0]
            groups.setdefault(folded(parent), Siblings.empty()).folders.append(folder)
            folder = parent
    return [groups[key] for key in sorted(groups)]


def folded(name: str) -> str:
    """Return `name` in lower case with composed accents.

    Some file systems take names that differ only in case, or in how accents are encoded, as equal.
    """
    if name.isascii():
        return name if name.islower() else name.lower()
    return unicodedata.normalize("NFC", name.casefold())
