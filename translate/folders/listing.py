"""List the images below a folder, and those that match a pattern."""

import unicodedata
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from translate.engine.system.locations import UrlPath, parse_location
from translate.errors import BadImage, DataError, reason_of
from translate.folders.names import is_hidden
from translate.folders.patterns import Pattern
from translate.folders.tar_members import members, with_members
from translate.folders.walk import Siblings, walk
from translate.images.files.tar_files import is_tar


class FolderFiles(NamedTuple):
    """The files below a folder."""

    images: list[Path]
    skipped: list[Path]
    """Files without an image suffix, except files of this toolkit such as ``captions.jsonl``."""
    problems: list[BadImage]
    """An error for each dead link, and for each file or folder that cannot be read."""


def find_images(source: Path) -> list[Path]:
    """Return the images at any depth below `source`, sorted."""
    return scan(source).images


def scan(source: Path, *, deep: bool = True) -> FolderFiles:
    """Return the files at any depth below a folder.

    Links are followed, except those to a parent folder. A file that has two names, by a link, is
    listed under both.
    Hidden folders are skipped. If there are tar files and no images, the members of the tar files
    are listed, as ``shards/00.tar/cat.png``.

    Args:
        source: The folder, or a tar file.
        deep: Enter subfolders and tar files.

    Raises:
        DataError: There is no such folder, or object storage cannot be read.
    """
    if is_tar(source):
        return _flatten(source, members([source], source))
    if not isinstance(source, UrlPath) and not source.is_dir():
        raise DataError(f"{source} is not a folder.")
    folders = walk(source)
    files = _flatten(source, with_members(source, folders) if deep else islice(folders, 1))
    if not isinstance(source, UrlPath):
        files.problems.sort(key=lambda problem: problem.path)
    return files


def _flatten(root: Path, folders: Iterable[Siblings]) -> FolderFiles:
    """Return the files of all folders, sorted on the disk; `DataError` if a store fails."""
    files = FolderFiles([], [], [])
    try:
        for siblings in folders:
            files.images.extend(root / name for name in siblings.images)
            files.skipped.extend(root / name for name in siblings.skipped)
            files.problems.extend(siblings.problems)
    except OSError as error:
        raise DataError(f"{error.filename or root}: {reason_of(error)}.") from error
    if not isinstance(root, UrlPath):
        files.images.sort()
        files.skipped.sort()
    return files


def subfolders(folder: Path) -> list[Path]:
    """Return the folders in `folder`, sorted, except hidden ones.

    Raises `DataError` if there is no such folder.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder.")
    return sorted(p for p in folder.iterdir() if p.is_dir() and not is_hidden(p.name))


def match(pattern: str | Path) -> tuple[Path, FolderFiles]:
    """Return the folder that the glob `pattern` begins with, and the matching files below it.

    ``**`` is any number of folders, including links to folders. ``shards/*.tar/*.a.png`` matches
    members of tar files. ``shards/{000..127}.tar`` matches the members of 128 tar
    files; each tar file that does not exist is a problem.
    """
    glob = Pattern.of(parse_location(pattern))
    return glob.root, _flatten(glob.root, glob.folders())


def is_path(root: Path, name: str) -> bool:
    """Return whether `name` has several parts, or is a folder here and not below `root`."""
    path = Path(name)
    return path.name != name or (path.is_dir() and not (root / name).exists())


def stem_below(path: Path, folder: Path) -> str:
    """Return the path of a file below `folder` without its suffix.

    Two files belong together, as a pair or as image and mask, if their results are equal. Accents
    are composed: macOS decomposes them, so that equal names may differ in bytes.
    """
    return unicodedata.normalize("NFC", str(path.relative_to(folder).with_suffix("")))
