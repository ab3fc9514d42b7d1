"""Locks: one process trains in a run folder, and several may write into one output folder.

They end with the process, however it ends. A file system without locks is noted and gone without.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from translate.engine.disk import durable, files, folders
from translate.engine.disk.file_system import BUSY, note
from translate.errors import ConfigError

fcntl: Any
msvcrt: Any
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
try:
    import msvcrt
except ImportError:
    msvcrt = None

LOCK = ".lock"
ATTEMPTS = 20
"""to lock a file that its last holder deletes at the same moment"""
NO_LOCKS = "files cannot be locked"


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process while the block runs; raises `ConfigError` if another does.

    No child inherits the lock: a forked worker that outlives a killed parent holds nothing.
    """
    path = folder / LOCK
    descriptor = _open_locked(path)
    try:
        yield
    finally:
        with suppress(OSError):  # Windows does not delete a file that is open
            files.discard(path)
        os.close(descriptor)


def _open_locked(path: Path) -> int:
    """Return a descriptor of the locked file at `path`."""
    for _ in range(ATTEMPTS):
        descriptor = _open(path)
        try:
            _lock(descriptor)
        except OSError as error:
            if error.errno in BUSY:
                os.close(descriptor)
                break
            note(NO_LOCKS, path.parent, error.strerror or str(error))
            return descriptor
        if _is_at(descriptor, path):
            return descriptor
        os.close(descriptor)  # its last holder has just deleted it: the next one would make another
    raise ConfigError(
        f"{path.parent} is in use: another process trains there. Wait for it, or stop it."
    )


def _open(path: Path) -> int:
    try:
        return durable.open_regular(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        if os.path.lexists(path) and not (path.is_file() and not path.is_symlink()):
            raise ConfigError(
                f"{path} is not a file that this program made ({error.strerror}): remove it."
            ) from error
        raise folders.unwritable(path.parent, error) from error


def _is_at(descriptor: int, path: Path) -> bool:
    """Return whether the open file is the one that has the name `path`."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _lock(descriptor: int) -> None:
    if fcntl:
        # a flock would be inherited by forked workers, and outlive a killed parent
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    elif msvcrt:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        raise OSError(0, "no fcntl")


@contextmanager
def share_lock(path: Path, begin: Callable[[bool | None], None]) -> Iterator[None]:
    """Share the lock file `path` with other processes and threads while the block runs.

    `begin` is first called with whether none of them shares it; None: there are no locks here.
    """
    folders.make_folder(path.parent)
    descriptor = durable.open_regular(path, os.O_RDWR | os.O_CREAT)
    try:
        alone = _flock(descriptor, path.parent, "LOCK_EX", wait=False)
        begin(alone)
        if alone is not None:
            _flock(descriptor, path.parent, "LOCK_SH", wait=True)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def one_at_a_time(folder: Path, on_wait: Callable[[], object]) -> Iterator[bool]:
    """Let one process or thread at a time run the block; yields whether that is certain.

    `on_wait` is called before another is waited for.
    """
    try:
        descriptor = durable.open_folder(folder)
    except OSError as error:  # Windows opens no folders
        note(NO_LOCKS, folder, error.strerror or str(error))
        yield False
        return
    try:
        alone = _flock(descriptor, folder, "LOCK_EX", wait=False)
        if alone is False:
            on_wait()
            alone = _flock(descriptor, folder, "LOCK_EX", wait=True)
        yield bool(alone)
    finally:
        os.close(descriptor)


def _flock(descriptor: int, folder: Path, kind: str, *, wait: bool) -> bool | None:
    """Return whether the open file is locked now; None if there are no locks."""
    if fcntl is None:
        note(NO_LOCKS, folder, "no fcntl")
        return None
    try:
        fcntl.flock(descriptor, getattr(fcntl, kind) | (0 if wait else fcntl.LOCK_NB))
    except OSError as error:
        if error.errno in BUSY:
            return False
        note(NO_LOCKS, folder, error.strerror or str(error))
        return None
    return True
