"""The one door to the disk: everything this program writes goes through here.

A reader sees the old file or the new one, whole, whatever happens in between: bytes are encoded in
memory, written under a temporary name in the same folder, made durable, and renamed into place.
"""

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from translate.errors import ConfigError, SaveError

PART = ".part-"
LOCK = ".lock"
PIECE = 1 << 24
"""bytes; what comes in smaller chunks is gathered up to this before it is written"""
MANY, WRITERS = 100, 8
"""A folder of more files than `MANY` is written by threads: a disk makes several files durable in
the time of one."""
Chunk: TypeAlias = bytes | bytearray | memoryview
Content: TypeAlias = bytes | Iterable[Chunk]
"""A file's bytes, whole or as they are made."""


def replace(path: Path, data: bytes) -> None:
    """Write `data` as `path`, durably, in one step that cannot be seen half done."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name[:200]}{PART}{os.getpid()}")
    try:
        _write(part, data)
        os.replace(part, path)  # noqa: PTH105 - the tests count these calls
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def replace_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write `value` as ``path``, a JSON document that a person can read."""
    replace(path, (json.dumps(value, indent=2) + "\n").encode())


def append(path: Path, record: Mapping[str, Any]) -> None:
    """Add `record` to the JSON lines of `path`, with one write; a torn last line is mended."""
    line = (json.dumps(record) + "\n").encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line
        _write_all(descriptor, line)
    finally:
        os.close(descriptor)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the records of a file that `append` wrote, without any torn line."""
    return list(each_line(path))


def each_line(path: Path) -> Iterator[dict[str, Any]]:
    """Yield what `read_lines` returns, one after the other: a file may be larger than memory."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        for line in file:
            try:
                record = json.loads(line)
            except ValueError:
                continue  # a write that was cut short: what it said is lost, the rest is not
            if isinstance(record, dict):
                yield record


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process while the block runs; raises `ConfigError` if another does.

    The lock ends with the process, however it ends, and no child inherits it.
    """
    path = folder / LOCK
    with path.open("a") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            ours = os.fstat(file.fileno()).st_nlink > 0  # or its last holder has just deleted it
        except OSError as error:
            ours = error.errno not in (errno.EACCES, errno.EAGAIN)  # a file system without locks
        if not ours:
            raise ConfigError(
                f"{folder} is in use: another process trains there. Wait for it, or stop it."
            )
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def replace_lines(path: Path, records: list[dict[str, Any]]) -> None:
    """Write `records` as the whole of `path`, which `append` can go on with."""
    replace(path, b"".join(json.dumps(record).encode() + b"\n" for record in records))


def write_folder(target: Path, contents: Mapping[str, Content], *, size: int = 0) -> None:
    """Write a folder of files, by path below it, that appears at `target` whole, in one rename.

    Up to `MANY` are written in order, so that the last may say what the others turned out to be.
    Nothing is begun where fewer bytes than `size` are free.
    """
    staged = target.with_name(f".tmp-{target.name}")
    shutil.rmtree(staged, ignore_errors=True)
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
        staged.rename(target)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    _sync_folder(target.parent)


def write_folders(root: Path, staged: str, contents: Iterable[tuple[str, Content]]) -> None:
    """Write files, by path below `root`, in order; the folders they are in appear there whole.

    They are gathered in the hidden folder `staged`. Folders of these names must not be there yet.
    """
    tree = root / f".tmp-{staged}"
    shutil.rmtree(tree, ignore_errors=True)
    folders = {tree}
    try:
        for name, data in contents:
            file = tree / name
            file.parent.mkdir(parents=True, exist_ok=True)
            folders.update(parent for parent in file.parents if tree in parent.parents)
            _write(file, data)
        for folder in sorted(folders):
            _sync_folder(folder)
        for folder in sorted(tree.iterdir()):
            folder.rename(root / folder.name)
    finally:
        shutil.rmtree(tree, ignore_errors=True)
    _sync_folder(root)


def extend(path: Path, chunks: Iterable[Chunk], *, start: int) -> None:
    """Write `chunks` into `path` from byte `start` on, durably also where they break off.

    It goes on with what an earlier call left, and whoever reads the file must know that it may be
    cut short.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        os.ftruncate(descriptor, start)
        os.lseek(descriptor, start, os.SEEK_SET)
        for piece in chunks:
            _write_all(descriptor, piece)
    finally:
        os.fsync(descriptor)
        os.close(descriptor)


def remove(folder: Path) -> None:
    """Delete `folder`; it is renamed first, so that it is never seen half deleted."""
    doomed = folder.with_name(f".tmp-{folder.name}.removed")
    shutil.rmtree(doomed, ignore_errors=True)
    folder.rename(doomed)
    shutil.rmtree(doomed)


def sweep(folder: Path, *names: str) -> None:
    """Delete what a killed process left half written in `folder`, or only of the files `names`."""
    patterns = [f".{name}{PART}*" for name in names] or [".tmp-*", f".*{PART}*"]
    for left in [path for pattern in patterns for path in folder.glob(pattern)]:
        shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)


def discard(path: Path) -> None:
    """Delete the file `path`, if it is there."""
    path.unlink(missing_ok=True)


def claim(folder: Path) -> None:
    """Make `folder`, and find out now rather than later whether it can be written to."""
    probe = folder / f".probe{PART}{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(probe, b"")
        probe.unlink()
    except OSError as error:
        raise UnwritableError(f"cannot write to {folder}: {error.strerror or error}.") from error


class UnwritableError(SaveError):
    """A folder that cannot be written to, found before any work was done."""

    exit_code = 2


def _write(path: Path, data: Content) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        for piece in [data] if isinstance(data, bytes) else _gathered(data):
            _write_all(descriptor, piece)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _expect_room(folder: Path, size: int) -> None:
    """Raise `OSError` where the file system says that fewer bytes than `size` are free."""
    found = os.statvfs(folder)
    free = found.f_bavail * found.f_frsize
    if found.f_blocks and free < size:  # some that are not on a disk have no blocks to count
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


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
