"""Walk a folder of an object store, one folder at a time."""

from collections.abc import Iterator
from pathlib import Path

from translate.engine.objects.files import ObjectFiles, open_files
from translate.engine.system.locations import UrlPath
from translate.errors import BadImage, DataError, reason_of
from translate.folders.names import is_hidden
from translate.folders.walk import Siblings, add_file, folded
from translate.images.files.format_registry import image_suffixes

INVALID_PARTS = {"", ".", ".."}
"""parts that the key of an object may have, and a path cannot"""


def walk_objects(
    files: ObjectFiles, root: Path, *, excluded: Path | None = None
) -> Iterator[Siblings]:
    """Yield the files below `root` folder by folder, in the order of `walk`.

    Args:
        files: The store.
        root: The folder.
        excluded: A folder of which no files are listed.

    Raises:
        OSError: A folder cannot be listed.
    """
    suffixes, pending = image_suffixes(), [[""]]
    while pending:
        siblings, below = Siblings.empty(), dict[str, list[str]]()
        for name in pending.pop():
            folder = root / name
            if excluded and folder.is_relative_to(excluded):
                continue
            for part, is_folder, *_ in files.entries(folder):
                path = f"{name}/{part}" if name else part
                if part in INVALID_PARTS:
                    reason = f"keys with the part {part!r} are not read: no path has it"
                    siblings.problems.append(BadImage(folder, reason))
                elif is_folder and not is_hidden(part):
                    siblings.folders.append(path)
                    below.setdefault(folded(path), []).append(path)
                elif not is_hidden(part):
                    add_file(siblings, path, suffixes)
        for names in (siblings.images, siblings.skipped, siblings.folders):
            names.sort()
        yield siblings
        pending += [below[key] for key in sorted(below, reverse=True)]


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
