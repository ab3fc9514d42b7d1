"""Locks of files: one process trains in a run folder, several may write into an output folder.

The operating system releases a lock when its process ends. If the file system does not support
locks, nothing is locked, and this is recorded as an unsupported operation.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from translate.engine.disk import durable, files, folders
from translate.engine.disk.file_system import BUSY, record_unsupported
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
"""name of the file of `lock_folder`"""
ATTEMPTS = 20
"""number of attempts to lock a file, which another process may delete between open and lock"""
NO_LOCKS = "files cannot be locked"


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Lock `folder` while the block runs; raises `ConfigError` if another process has locked it.

    Child processes do not inherit the lock: a worker that outlives a killed parent has none.
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
    """Return a descriptor of the file `path`, locked; raises `ConfigError` if another holds it."""
    for _ in range(ATTEMPTS):
        descriptor = _open(path)
        try:
            _lock(descriptor)
        except OSError as error:
            if error.errno in BUSY:
                os.close(descriptor)
                break
            record_unsupported(NO_LOCKS, path.parent, error)
            return descriptor
        if _is_at(descriptor, path):
            return descriptor
        os.close(descriptor)  # the file was deleted: another process could lock a new one
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
        raise folders.unwritable_error(path.parent, error) from error


def _is_at(descriptor: int, path: Path) -> bool:
    """Return whether `path` is still the file that `descriptor` has opened."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _lock(descriptor: int) -> None:
    if fcntl:
        # forked workers would inherit a flock
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    elif msvcrt:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        raise OSError(0, "no fcntl")


@contextmanager
def shared_lock(path: Path, begin: Callable[[bool | None], None]) -> Iterator[None]:
    """Hold a shared lock of the file `path` while the block runs.

    Args:
        path: The lock file, which is made if it is missing.
        begin: Called before the block with True if no other process or thread holds the lock; the
            lock is exclusive during this call. False: another holds it. None: the file system has
            no locks.
    """
    folders.make_folder(path.parent)
    with durable.closing(durable.open_regular(path, os.O_RDWR | os.O_CREAT)) as descriptor:
        is_exclusive = _flock(descriptor, path.parent, "LOCK_EX", wait=False)
        begin(is_exclusive)
        if is_exclusive is not None:
            _flock(descriptor, path.parent, "LOCK_SH", wait=True)
        yield


@contextmanager
def exclusive_lock(folder: Path, on_wait: Callable[[], object]) -> Iterator[bool]:
    """Let one process or thread at a time run the block; yields whether this process has the lock.

    It yields False if the file system has no locks. `on_wait` is called before waiting for another
    process or thread.
    """
    try:
        descriptor = durable.open_folder(folder)
    except OSError as error:  # Windows cannot open folders
        record_unsupported(NO_LOCKS, folder, error)
        yield False
        return
    with durable.closing(descriptor):
        is_locked = _flock(descriptor, folder, "LOCK_EX", wait=False)
        if is_locked is False:
            on_wait()
            is_locked = _flock(descriptor, folder, "LOCK_EX", wait=True)
        yield bool(is_locked)


def _flock(descriptor: int, folder: Path, kind: str, *, wait: bool) -> bool | None:
    """Return whether this process now holds the lock; None: the file system has no locks."""
    try:
        if fcntl is None:
            raise OSError(0, "no fcntl")
        fcntl.flock(descriptor, getattr(fcntl, kind) | (0 if wait else fcntl.LOCK_NB))
    except OSError as error:
        if error.errno in BUSY:
            return False
        record_unsupported(NO_LOCKS, folder, error)
        return None
    return True
