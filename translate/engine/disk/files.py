"""The one door to the disk: everything this program writes goes through here.

A reader sees the old file or the new one, whole, whatever happens in between: bytes are encoded in
memory, written under a temporary name in the same folder, made durable, and renamed into place.
"""

import errno
import glob
import json
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

from translate.engine.disk.file_system import NO_FOLDER_SYNC, NO_RENAME, free_bytes, tolerate
from translate.errors import SaveError, named

PART, STAGED = ".part-", ".tmp-"
"""How temporary files and folders are told from others; `sweep` finds them by it."""
PARTIAL = re.compile(r"\..*\.part-\d+(-[0-9a-f]{12})?", re.DOTALL)
"""a temporary file's name; older versions gave it no random end"""
PREFIX = 80
"""Bytes of a name that its temporary name begins with: the whole is under 143, the least limit."""
PROBE = "probe"
"""the file that `claim` tries to write"""
PIECE = 1 << 24
"""bytes; what comes in smaller chunks is gathered up to this before it is written"""
MANY, WRITERS = 100, 8
"""A folder of more files than `MANY` is written by threads: a disk makes several files durable in
the time of one."""
BINARY = getattr(os, "O_BINARY", 0)
"""Windows would otherwise write line breaks of its own."""
Chunk: TypeAlias = bytes | bytearray | memoryview
Content: TypeAlias = bytes | Iterable[Chunk]
"""A file's bytes, whole or as they are made."""


def replace(path: Path, data: bytes) -> None:
    """Write `data` as `path`, durably, in one step that cannot be seen half done."""
    make_folder(path.parent)
    part = _temporary_file(path)
    try:
        _write(part, data)
        _put_in_place(part, path, data)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def replace_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write `value` as ``path``, a JSON document that a person can read."""
    replace(path, (json.dumps(value, indent=2) + "\n").encode())


def append(path: Path, record: Mapping[str, Any]) -> None:
    """Add `record` to the JSON lines of `path`, with one write; a torn last line is mended.

    Raises `OSError` where `path` is a link or anything else than a file.
    """
    line = (json.dumps(record) + "\n").encode()
    make_folder(path.parent)
    descriptor = open_regular(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    try:
        size = os.fstat(descriptor).st_size
        if size:
            os.lseek(descriptor, size - 1, os.SEEK_SET)
            line = line if os.read(descriptor, 1) == b"\n" else b"\n" + line
        _write_all(descriptor, line)
    finally:
        os.close(descriptor)


def sync(path: Path, *, name: bool) -> None:
    """Make what `append` added to `path` durable, and its `name` where the file may be new."""
    descriptor = open_regular(path, os.O_RDWR)
    try:
        _sync(descriptor, path)
    finally:
        os.close(descriptor)
    if name:
        _sync_folder(path.parent)


def truncate(path: Path, size: int) -> None:
    """Cut `path` to its first `size` bytes, durably."""
    descriptor = open_regular(path, os.O_RDWR)
    try:
        os.ftruncate(descriptor, size)
        _sync(descriptor, path)
    finally:
        os.close(descriptor)


def open_regular(path: Path, flags: int) -> int:
    """Return a descriptor of the file `path`; raises `OSError` for a link, pipe or device.

    It never waits: a pipe that nobody writes to would hold the process for ever.
    """
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | BINARY
    descriptor = os.open(path, flags, 0o644)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return descriptor


def open_folder(folder: Path) -> int:
    """Return a descriptor of `folder`; raises `OSError` where the system has none for folders."""
    return os.open(folder, os.O_RDONLY)


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
        _sync_folder(path.parent)


def write_folder(target: Path, contents: Mapping[str, Content], *, size: int = 0) -> None:
    """Write a folder of files, by path below it, that appears at `target` whole, in one rename.

    Up to `MANY` are written in order, so that the last may say what the others turned out to be.
    Nothing is begun where fewer bytes than `size` are free.
    """
    staged = _temporary_folder(target)
    folders = sorted({staged, *((staged / name).parent for name in contents)})
    try:
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        _expect_room(staged, size)
        if len(contents) <= MANY:
            for name, data in contents.items():
                _write(staged / name, data)
        else:
            paths = [staged / name for name in contents]
            with ThreadPoolExecutor(WRITERS) as pool:
                list(pool.map(_write, paths, contents.values()))  # raises what a thread raised
        for folder in folders:
            _sync_folder(folder)
        if target.exists():
            remove(target)
        _move_folder(staged, target, contents)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    _sync_folder(target.parent)


def write_folders(root: Path, staged: str, contents: Iterable[tuple[str, Content]]) -> None:
    """Write files, by path below `root`, in order; the folders they are in appear there whole.

    They are gathered in a hidden folder named after `staged`. Folders of these names must not be
    there yet.
    """
    tree = _temporary_folder(root / staged)
    folders, names = {tree}, dict[str, list[str]]()
    try:
        for name, data in contents:
            file = tree / name
            file.parent.mkdir(parents=True, exist_ok=True)
            folders.update(parent for parent in file.parents if tree in parent.parents)
            top, _, below = name.partition("/")
            names.setdefault(top, []).append(below)
            _write(file, data)
        for folder in sorted(folders):
            _sync_folder(folder)
        for top, inside in names.items():
            _move_folder(tree / top, root / top, inside)
    finally:
        shutil.rmtree(tree, ignore_errors=True)
    _sync_folder(root)


def extend(path: Path, chunks: Iterable[Chunk], *, start: int) -> None:
    """Write `chunks` into `path` from byte `start` on, durably also where they break off.

    It goes on with what an earlier call left, and whoever reads the file must know that it may be
    cut short.
    """
    make_folder(path.parent)
    descriptor = open_regular(path, os.O_WRONLY | os.O_CREAT)
    try:
        os.ftruncate(descriptor, start)
        os.lseek(descriptor, start, os.SEEK_SET)
        for piece in chunks:
            _write_all(descriptor, piece)
    finally:
        _sync(descriptor, path)
        os.close(descriptor)


def remove(folder: Path) -> None:
    """Delete `folder`; it is renamed first, so that it is never seen half deleted."""
    doomed = _temporary_folder(folder)
    with tolerate("folders cannot be renamed", folder.parent, NO_RENAME):
        folder.rename(doomed)
    shutil.rmtree(doomed if doomed.exists() else folder)


def sweep(folder: Path, *names: str) -> None:
    """Delete what a killed process left half written in `folder`, or only of the files `names`."""
    starts = [glob.escape(_prefix(name)) for name in names]
    patterns = [f".{start}{PART}*" for start in starts] or [f"{STAGED}*", f".*{PART}*"]
    for left in [path for pattern in patterns for path in folder.glob(pattern)]:
        shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)


def sweep_files(root: Path, *, older: float) -> None:
    """Delete the files that killed processes left half written below `root`.

    What was written to in the last `older` seconds stays.
    """
    for left in root.rglob(f".*{PART}*"):
        if PARTIAL.fullmatch(left.name):
            with suppress(FileNotFoundError):
                if not older or time.time() - left.lstat().st_mtime > older:
                    left.unlink()


def sweep_folders(root: Path, name: str) -> None:
    """Delete what killed processes left in `root` of writing the folder `name`."""
    for left in root.glob(f"{STAGED}{glob.escape(_prefix(name))}*"):
        shutil.rmtree(left)


def discard(path: Path) -> None:
    """Delete the file `path`, if it is there."""
    path.unlink(missing_ok=True)


def claim(folder: Path) -> None:
    """Make `folder`, and find out now rather than later whether it can be written to."""
    try:
        make_folder(folder)
        sweep(folder, PROBE)
        probe = _temporary_file(folder / PROBE)
        try:
            _write(probe, b"")
        finally:
            probe.unlink(missing_ok=True)
        _sync_folder(folder)
    except OSError as error:
        raise unwritable(folder, error) from error
    free_bytes(folder)  # so that it is noted early where the system does not say


class UnwritableError(SaveError):
    """A folder that cannot be written to, found before any work was done."""

    exit_code = 2


def unwritable(folder: Path, error: OSError) -> UnwritableError:
    """Return `error` as what is said before any work was done."""
    return UnwritableError(f"cannot write to {named(str(folder))}: {error.strerror or error}.")


def _temporary_file(path: Path) -> Path:
    """Return a name next to `path` that no other call, thread, process or machine returns."""
    return path.with_name(f".{_prefix(path.name)}{PART}{_unique()}")


def _temporary_folder(path: Path) -> Path:
    return path.with_name(f"{STAGED}{_prefix(path.name)}-{_unique()}")


def _unique() -> str:
    return f"{os.getpid()}-{secrets.token_hex(6)}"


def _prefix(name: str) -> str:
    """Return the beginning of `name`, in whole characters, and without bytes that are none."""
    return os.fsencode(name)[:PREFIX].decode("utf-8", "ignore")


def _put_in_place(part: Path, path: Path, data: bytes) -> None:
    """Rename `part` to `path`; where the file system does not, write `data` there directly."""
    with tolerate("files cannot be renamed", path.parent, NO_RENAME):
        os.replace(part, path)  # noqa: PTH105 - the tests count these calls
        return
    _write(path, data)
    part.unlink()


def _move_folder(source: Path, target: Path, names: Iterable[str]) -> None:
    """Rename `source` to `target`; where the file system does not, move its files in order."""
    with tolerate("folders cannot be renamed", target.parent, NO_RENAME):
        source.rename(target)
        return
    for name in names:
        make_folder((target / name).parent)
        os.replace(source / name, target / name)  # noqa: PTH105 - the tests count these calls
        _sync_folder((target / name).parent)
    shutil.rmtree(source)


def _write(path: Path, data: Content) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | BINARY, 0o644)
    try:
        for piece in [data] if isinstance(data, bytes) else _gathered(data):
            _write_all(descriptor, piece)
        _sync(descriptor, path)
    finally:
        os.close(descriptor)


def _expect_room(folder: Path, size: int) -> None:
    """Raise `OSError` where the file system says that fewer bytes than `size` are free."""
    free = free_bytes(folder)
    if free is not None and free < size:
        room = f"it takes {size / 1e6:.1f} MB, and {free / 1e6:.1f} MB are free"
        raise OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)}: {room}")


def _gathered(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """Yield `chunks` in fewer pieces; large ones are passed on as they are."""
    waiting = bytearray()
    for chunk in chunks:
        if waiting and len(waiting) + len(chunk) > PIECE:
            yield waiting
            waiting = bytearray()
        if len(chunk) > PIECE:
            yield chunk
        else:
            waiting += chunk
    yield waiting


def _write_all(descriptor: int, data: Chunk) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync(descriptor: int, path: Path) -> None:
    with tolerate("files cannot be synced", path.parent):
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    with tolerate("folders cannot be synced", folder, NO_FOLDER_SYNC):
        descriptor = open_folder(folder)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
