"""List the images below a folder, and those that match a pattern."""

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from translate.engine.objects.files import open_files
from translate.engine.system.locations import UrlPath
from translate.errors import BadImage, DataError, reason_of
from translate.folders.braces import expand, is_pattern
from translate.folders.names import SPLITS, any_hidden, is_hidden, is_toolkit_file
from translate.folders.patterns import matches, tar_depth, without_wildcards
from translate.folders.stores.patterns import ObjectPattern
from translate.folders.stores.tar_members import with_members
from translate.folders.stores.walk import walk_objects
from translate.folders.walk import Siblings, walk
from translate.images.files.format_registry import image_suffixes
from translate.images.files.tar_files import find_tar, is_tar, read_index

# -- what lies in a folder -------------------------------------------------------------------------


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
        return _with_members(FolderFiles([], [source], []))
    if isinstance(source, UrlPath):
        folders = walk_objects(open_files(source.scheme, source.host), source)
        return _files_of_objects(
            source, with_members(source, folders) if deep else islice(folders, 1)
        )
    if not source.is_dir():
        raise DataError(f"{source} is not a folder.")
    files = FolderFiles([], [], [])
    for folder in walk(source, deep=deep):
        files.images.extend(source / name for name in folder.images)
        files.skipped.extend(source / name for name in folder.skipped)
        files.problems.extend(folder.problems)
    files = _with_members(files) if deep else files
    return FolderFiles(
        sorted(files.images), sorted(files.skipped), sorted(files.problems, key=lambda b: b.path)
    )


def _with_members(files: FolderFiles) -> FolderFiles:
    """Return `files`; if it has no images, its tar files are replaced by their members."""
    tars = [path for path in files.skipped if is_tar(path)]
    if files.images or not tars:
        return files
    suffixes, problems = image_suffixes(), [*files.problems]
    images, skipped = list[Path](), [path for path in files.skipped if path not in tars]
    for tar_path in tars:
        try:
            index = read_index(tar_path)
        except OSError as error:
            problems.append(BadImage(tar_path, reason_of(error)))
            continue
        problems += index.problems
        for path in index.members:
            if not any_hidden(path.relative_to(tar_path).parts):
                (images if path.suffix.lower() in suffixes else skipped).append(path)
    return FolderFiles(sorted(images), sorted(skipped), problems)


def _files_of_objects(root: Path, folders: Iterable[Siblings]) -> FolderFiles:
    """Return the files of folders in object storage; raise `DataError` if it cannot be read."""
    files = FolderFiles([], [], [])
    try:
        for siblings in folders:
            files.images.extend(root / name for name in siblings.images)
            files.skipped.extend(root / name for name in siblings.skipped)
            files.problems.extend(siblings.problems)
    except OSError as error:
        raise DataError(f"{error.filename or root}: {reason_of(error)}.") from error
    return files


def _add(path: Path, files: FolderFiles, suffixes: frozenset[str]) -> None:
    """Add `path` to `files`, unless it is a folder."""
    try:
        if path.is_dir():
            return
        if path.is_file():
            if not is_toolkit_file(path.name):
                (files.images if path.suffix.lower() in suffixes else files.skipped).append(path)
        elif path.is_symlink():
            files.problems.append(BadImage(path, "a link to nothing"))
        elif path.suffix.lower() in suffixes:
            files.problems.append(BadImage(path, "neither a file nor a folder"))
    except OSError as error:
        files.problems.append(BadImage(path, reason_of(error)))


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
    if isinstance(pattern, UrlPath):
        objects = ObjectPattern.of(open_files(pattern.scheme, pattern.host), pattern)
        return objects.root, _files_of_objects(objects.root, objects.folders())
    root, parts = _split_pattern(Path(pattern).parts)
    missing = _missing(root, parts)
    tar_path = find_tar(root / "*")  # looks at `root` and its parents, not at the last part
    in_tars = tar_path is not None or any(part.lower().endswith(".tar") for part in parts[:-1])
    if not (in_tars or root.is_dir()):
        return root, FolderFiles([], [], missing)
    if in_tars or "**" in parts:
        everything = scan(tar_path or root)
        images, skipped = (
            [
                path
                for path in paths
                if path.is_relative_to(root) and matches(path.relative_to(root).parts, parts)
            ]
            for paths in (everything.images, everything.skipped)
        )
        problems = everything.problems
        if not in_tars:
            problems = [p for p in problems if matches(p.path.relative_to(root).parts, parts)]
        return root, FolderFiles(images, skipped, [*problems, *missing])
    files, suffixes = FolderFiles([], [], missing), image_suffixes()
    for path in sorted({p for name in expand("/".join(parts)) for p in root.glob(name)}):
        if not any_hidden(path.relative_to(root).parts):
            _add(path, files, suffixes)
    return root, _with_members(files)


def _split_pattern(parts: tuple[str, ...]) -> tuple[Path, tuple[str, ...]]:
    """Return the folder that a glob begins with, and the other parts of the glob.

    A part such as ``[x]`` is no pattern if a folder has this name.
    """
    root = Path()
    for place, part in enumerate(parts[:-1]):
        if is_pattern(part) and not (root / part).is_dir():
            return root, parts[place:]
        root /= part
    return root, parts[-1:]


def _missing(root: Path, parts: Sequence[str]) -> list[BadImage]:
    """Return a problem for each file that the braces of a pattern name and that does not exist."""
    reason = f"not there, and named by {'/'.join(parts[: tar_depth(parts) + 1])}"
    names = without_wildcards(parts)
    return [BadImage(root / name, reason) for name in names if not (root / name).exists()]


def is_path(root: Path, name: str) -> bool:
    """Return whether `name` has several parts, or is a folder here and not below `root`."""
    path = Path(name)
    return path.name != name or (path.is_dir() and not (root / name).exists())


def is_split(name: str) -> bool:
    """Return whether a folder of this name is a split of a domain: train, test, val."""
    return name.lower() in SPLITS


def join_words(things: Iterable[object]) -> str:
    """Return `things` joined for a sentence: a and b."""
    return " and ".join(map(str, things))


def stem_below(path: Path, folder: Path) -> str:
    """Return the path of a file below `folder` without its suffix.

    Two files belong together, as a pair or as image and mask, if their results are equal. Accents
    are composed: macOS decomposes them, so that equal names may differ in bytes.
    """
    return unicodedata.normalize("NFC", str(path.relative_to(folder).with_suffix("")))
