"""Domains must be different images: one that is another would be trained on itself."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path

from translate.errors import DataError

ADVICE = "Domains are different images: --domains A B, each a folder of its own."


def refuse_equal(names: Sequence[str], places: Sequence[Path]) -> None:
    """Raise an error if two domains are the same folder.

    Args:
        names: Names of the domains.
        places: The folder of each.

    Raises:
        DataError: Two names or folders are equal.
    """
    for (name, place), (other, twin) in combinations(zip(names, places, strict=True), 2):
        if name == other or place.resolve() == twin.resolve():
            raise DataError(f"domains {name!r} and {other!r} are the same: {place}. {ADVICE}")


def refuse_shared(names: Sequence[str], files: Sequence[Sequence[Path]]) -> None:
    """Raise an error if two domains share images.

    Links to some files of another domain are allowed.

    Args:
        names: Names of the domains.
        files: The files of each.

    Raises:
        DataError: Two domains share files.
    """
    known = [_names(each) for each in files]
    for (name, paths, one), (other, _, two) in combinations(
        zip(names, files, known, strict=True), 2
    ):
        if shared := one.keys() & two.keys():
            first = min(one[key] for key in shared)
            raise DataError(
                f"domains {name!r} and {other!r} share {len(shared)} of their images, the first is "
                f"{first}. {ADVICE}"
            )
        if len(one) == len(two) and _contents(one.values()) == _contents(two.values()):
            raise DataError(
                f"domains {name!r} and {other!r} are the same {len(paths)} files under two names, "
                f"the first is {paths[0]}. {ADVICE}"
            )


def _names(paths: Iterable[Path]) -> dict[tuple[Path, str], Path]:
    """Return `paths` by the real folder that each lies in, and its name there."""
    folders = {folder: folder.resolve() for folder in {path.parent for path in paths}}
    return {(folders[path.parent], path.name): path for path in paths}


def _contents(paths: Iterable[Path]) -> set[object]:
    """Return which files on the disk `paths` are names of, as far as the file system tells."""
    return {_identity(path) for path in paths}


def _identity(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:  # gone: whoever reads it lists it
        return path
    return (found.st_dev, found.st_ino) if found.st_ino else path
