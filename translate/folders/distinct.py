"""Refuse domains that are the same images, which would be trained on themselves."""

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
    pairs = combinations(zip(names, places, strict=True), 2)
    for (name, place), (other, other_place) in pairs:
        if name == other or place.resolve() == other_place.resolve():
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
    """Return `paths` by their real folder and their name in it."""
    folders = {folder: folder.resolve() for folder in {path.parent for path in paths}}
    return {(folders[path.parent], path.name): path for path in paths}


def _contents(paths: Iterable[Path]) -> set[object]:
    """Return the identities of the files at `paths`, such as their inodes."""
    return {_identity(path) for path in paths}


def _identity(path: Path) -> object:
    try:
        status = path.stat()
    except OSError:  # deleted meanwhile: listed where it is read
        return path
    return (status.st_dev, status.st_ino) if status.st_ino else path
