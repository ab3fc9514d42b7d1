"""Folders that appear whole or not at all, and whether they can be written to."""

import errno
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from translate.engine.disk.durable import Content, sync_folder, write_durably
from translate.engine.disk.file_system import NO_RENAME, free_bytes, tolerate
from translate.engine.disk.partial_files import (
    remove_partial_files,
    temporary_file,
    temporary_folder,
)
from translate.errors import SaveError, printable_name

PROBE = "probe"
"""the file that `claim` tries to write"""
MANY, WRITERS = 100, 8
"""A folder of more files than `MANY` is written by threads: a disk makes several files durable in
the time of one."""


def make_folder(folder: Path) -> None:
    """Make `folder` and what is missing above it, durably; raises `OSError` for a file there."""
    if folder.is_dir():
        return
    missing, above = [folder], folder.parent
    while not above.exists():
        missing.append(above)
        above = above.parent
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)


def write_folder(target: Path, contents: Mapping[str, Content], *, size: int = 0) -> None:
    """Write a folder of files, by path below it, that appears at `target` whole, in one rename.

    Up to `MANY` are written in order, so that the last may say what the others turned out to be.
    Nothing is begun where fewer bytes than `size` are free.
    """
    staged = temporary_folder(target)
    folders = sorted({staged, *((staged / name).parent for name in contents)})
    try:
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        _require_space(staged, size)
        if len(contents) <= MANY:
            for name, data in contents.items():
                write_durably(staged / name, data)
        else:
            paths = [staged / name for name in contents]
            with ThreadPoolExecutor(WRITERS) as pool:
                list(
                    pool.map(write_durably, paths, contents.values())
                )  # raises what a thread raised
        for folder in folders:
            sync_folder(folder)
        if target.exists():
            remove_folder(target)
        _move_folder(staged, target, contents)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    sync_folder(target.parent)


def write_folders(root: Path, staging_name: str, contents: Iterable[tuple[str, Content]]) -> None:
    """Write files, by path below `root`, in order; the folders they are in appear there whole.

    They are gathered in a hidden folder named after `staging_name`. Folders of these names must not
    be there yet.
    """
    tree = temporary_folder(root / staging_name)
    folders, names = {tree}, dict[str, list[str]]()
    try:
        for name, data in contents:
            file = tree / name
            file.parent.mkdir(parents=True, exist_ok=True)
            folders.update(parent for parent in file.parents if tree in parent.parents)
            top, _, below = name.partition("/")
            names.setdefault(top, []).append(below)
            write_durably(file, data)
        for folder in sorted(folders):
            sync_folder(folder)
        for top, inside in names.items():
            _move_folder(tree / top, root / top, inside)
    finally:
        shutil.rmtree(tree, ignore_errors=True)
    sync_folder(root)


def remove_folder(folder: Path) -> None:
    """Delete `folder` atomically: it is renamed first."""
    doomed = temporary_folder(folder)
    with tolerate("folders cannot be renamed", folder.parent, NO_RENAME):
        folder.rename(doomed)
    shutil.rmtree(doomed if doomed.exists() else folder)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield an empty folder for a library that writes files only; it is deleted at the end."""
    with TemporaryDirectory(prefix="translate-") as folder:
        yield Path(folder)


def ensure_writable(folder: Path) -> None:
    """Make `folder`, and find out now rather than later whether it can be written to."""
    try:
        make_folder(folder)
        remove_partial_files(folder, PROBE)
        probe = temporary_file(folder / PROBE)
        try:
            write_durably(probe, b"")
        finally:
            probe.unlink(missing_ok=True)
        sync_folder(folder)
    except OSError as error:
        raise unwritable(folder, error) from error
    free_bytes(folder)  # so that it is noted early where the system does not say


class UnwritableError(SaveError):
    """A folder that cannot be written to, detected before any work."""

    exit_code = 2


def unwritable(folder: Path, error: OSError) -> UnwritableError:
    """Return `error` as the error of a check before any work."""
    return UnwritableError(
        f"cannot write to {printable_name(str(folder))}: {error.strerror or error}."
    )


def _move_folder(source: Path, target: Path, names: Iterable[str]) -> None:
    """Rename `source` to `target`; where the file system does not, move its files in order."""
    with tolerate("folders cannot be renamed", target.parent, NO_RENAME):
        source.rename(target)
        return
    for name in names:
        make_folder((target / name).parent)
        os.replace(source / name, target / name)  # noqa: PTH105 - the tests count these calls
        sync_folder((target / name).parent)
    shutil.rmtree(source)


def _require_space(folder: Path, size: int) -> None:
    """Raise `OSError` if the file system says that fewer bytes than `size` are free."""
    free = free_bytes(folder)
    if free is not None and free < size:
        room = f"it takes {size / 1e6:.1f} MB, and {free / 1e6:.1f} MB are free"
        raise OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)}: {room}")
