"""Refuse domains (folders of images) that share images."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path

from translate.engine.system.locations import UrlPath
from translate.errors import DataError

ADVICE = "Domains are different images: --domains A B, each a folder of its own."


def refuse_equal(names: Sequence[str], folders: Sequence[Path]) -> None:
    """Raise `DataError` if two domains have the same name or folder."""
    pairs = combinations(zip(names, folders, strict=True), 2)
    for (name, folder), (other, other_folder) in pairs:
        if name == other or _real(folder) == _real(other_folder):
            raise DataError(f"domains {name!r} and {other!r} are the same: {folder}. {ADVICE}")


def refuse_shared(names: Sequence[str], files: Sequence[Sequence[Path]]) -> None:
    """Raise `DataError` if two domains share images.

    A domain may have links to some files of another domain, but not to all of them.
    """
    by_key = [_by_real_folder(paths) for paths in files]
    for (name, paths, first_files), (other, _, second_files) in combinations(
        zip(names, files, by_key, strict=True), 2
    ):
        if shared := first_files.keys() & second_files.keys():
            first = min(first_files[key] for key in shared)
            raise DataError(
                f"domains {name!r} and {other!r} share {len(shared)} of their images, the first is "
                f"{first}. {ADVICE}"
            )
        if len(first_files) == len(second_files) and (
            _identities(first_files.values()) == _identities(second_files.values())
        ):
            raise DataError(
                f"domains {name!r} and {other!r} are the same {len(paths)} files under two names, "
                f"the first is {paths[0]}. {ADVICE}"
            )


def _by_real_folder(paths: Iterable[Path]) -> dict[tuple[Path, str], Path]:
    """Return `paths` by their resolved folder and their file name."""
    folders = {folder: _real(folder) for folder in {path.parent for path in paths}}
    return {(folders[path.parent], path.name): path for path in paths}


def _real(folder: Path) -> Path:
    return folder if isinstance(folder, UrlPath) else folder.resolve()


def _identities(paths: Iterable[Path]) -> set[object]:
    """Return the identities of the files at `paths`, such as their inodes."""
    return {_identity(path) for path in paths}


def _identity(path: Path) -> object:
    if isinstance(path, UrlPath):
        return path
    try:
        status = path.stat()
    except OSError:  # deleted meanwhile: reported when it is read
        return path
    return (status.st_dev, status.st_ino) if status.st_ino else path
