"""Write and delete folders atomically, and check early that a folder is writable."""

import errno
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
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
"""name of the file that `ensure_writable` tries to write"""
MANY_FILES, WRITERS = 100, 8
"""number of files above which a folder is written by threads, and number of these threads: a disk
syncs several files in the time of one"""


def make_folder(folder: Path) -> None:
    """Make `folder` and its missing parents, durably; raises `OSError` if one of them is a file."""
    if folder.is_dir():
        return
    missing_folders, parent = [folder], folder.parent
    while not parent.exists():
        missing_folders.append(parent)
        parent = parent.parent
    for path in reversed(missing_folders):
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)


def write_folder(
    target: Path,
    contents: Mapping[str, Content],
    *,
    size: int = 0,
    write_first: Callable[[Path], Iterable[str]] = lambda _: (),
) -> None:
    """Write a temporary folder, and rename it to `target` at the end.

    If there are at most `MANY_FILES` files, they are written in order, so that the content of a
    file may be an iterable that depends on earlier files.

    Args:
        target: The folder. An existing folder is deleted just before: a crash between the two steps
            leaves no folder, but never a part of one, unless the file system cannot rename folders.
        contents: The content of each file, by path relative to `target`.
        size: Number of bytes that must be free.
        write_first: Called with the temporary folder before `contents` are written. It writes other
            files there durably, possibly in other processes, and returns their relative paths.

    Raises:
        OSError: The folder cannot be written, or fewer bytes than `size` are free.
    """
    staged = temporary_folder(target)
    files = [staged / name for name in contents]
    folders = sorted({staged, *_folders_between(staged, files)})
    try:
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        _require_space(staged, size)
        names = [*write_first(staged), *contents]
        if len(contents) <= MANY_FILES:
            for name, data in contents.items():
                write_durably(staged / name, data)
        else:
            with ThreadPoolExecutor(WRITERS) as pool:
                list(pool.map(write_durably, files, contents.values()))  # raises errors of threads
        for folder in folders:
            sync_folder(folder)
        if target.exists():
            remove_folder(target)
        _move_folder(staged, target, names)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    sync_folder(target.parent)


def write_folders(root: Path, staging_name: str, contents: Iterable[tuple[str, Content]]) -> None:
    """Write several folders in `root`; each appears atomically, with all of its files.

    Args:
        root: The folder that holds the new folders.
        staging_name: Part of the name of the temporary folder: all files are written to it first.
        contents: Pairs of a path relative to `root` and the content, which are written in order.
            The first part of a path is a new folder.
    """
    staged = temporary_folder(root / staging_name)
    folders, paths_by_folder = {staged}, dict[str, list[str]]()
    try:
        for name, data in contents:
            file = staged / name
            file.parent.mkdir(parents=True, exist_ok=True)
            folders |= _folders_between(staged, [file])
            new_folder, _, path = name.partition("/")
            paths_by_folder.setdefault(new_folder, []).append(path)
            write_durably(file, data)
        for folder in sorted(folders):
            sync_folder(folder)
        for new_folder, paths in paths_by_folder.items():
            _move_folder(staged / new_folder, root / new_folder, paths)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    sync_folder(root)


def remove_folder(folder: Path) -> None:
    """Delete `folder` atomically: it is renamed before its files are deleted."""
    renamed = temporary_folder(folder)
    with tolerate("folders cannot be renamed", folder.parent, NO_RENAME):
        folder.rename(renamed)
    shutil.rmtree(renamed if renamed.exists() else folder)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a temporary folder for a library that can only write files; deleted after the block."""
    with TemporaryDirectory(prefix="translate-") as folder:
        yield Path(folder)


def ensure_writable(folder: Path) -> None:
    """Make `folder`, and check that files can be written there; raises `UnwritableError`."""
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
        raise unwritable_error(folder, error) from error
    free_bytes(folder)  # a run without this number prints a message at its start


class UnwritableError(SaveError):
    """A folder that cannot be written to, detected before any work."""

    exit_code = 2


def unwritable_error(folder: Path, error: OSError) -> UnwritableError:
    """Return the error for a `folder` after writing in it failed with `error`."""
    return UnwritableError(
        f"cannot write to {printable_name(str(folder))}: {error.strerror or error}."
    )


def _move_folder(source: Path, target: Path, names: Iterable[str]) -> None:
    """Rename `source` to `target`; if the file system cannot, move the files `names` in order.

    Each file is synced before the next, so that a folder with its last file is complete.
    """
    with tolerate("folders cannot be renamed", target.parent, NO_RENAME):
        source.rename(target)
        return
    for name in names:  # the file system cannot rename folders
        make_folder((target / name).parent)
        os.replace(source / name, target / name)  # noqa: PTH105 - tests let this call fail
        sync_folder((target / name).parent)
    shutil.rmtree(source)


def _folders_between(top: Path, files: Iterable[Path]) -> set[Path]:
    """Return all folders below `top` that hold `files`, at any depth."""
    return {parent for file in files for parent in file.parents if top in parent.parents}


def _require_space(folder: Path, size: int) -> None:
    """Raise `OSError` if fewer bytes than `size` are free."""
    free = free_bytes(folder)
    if free is not None and free < size:
        shortage = f"the folder takes {size / 1e6:.1f} MB, and {free / 1e6:.1f} MB are free"
        raise OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)}: {shortage}")
