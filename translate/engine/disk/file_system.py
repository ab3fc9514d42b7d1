"""Operations that a file system does not support: logged once, and done without."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from translate.errors import printable_name

UNSUPPORTED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
"""Errors of SMB, FUSE and network file systems for an unsupported operation."""
NO_FOLDER_SYNC = UNSUPPORTED | {errno.EACCES, errno.EPERM, errno.EBADF, errno.EISDIR}
"""Some systems, such as Windows, do not even open a folder."""
NO_RENAME = UNSUPPORTED | {errno.EXDEV, errno.EPERM}
"""Overlay file systems answer EXDEV for a folder of a lower layer."""
BUSY = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}
"""Errors of a lock that another process holds."""

PATH_ERRORS = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENAMETOOLONG,
    errno.ELOOP,
    errno.ENOTDIR,
}
PATH_ERRORS |= {errno.EIO, errno.ESTALE, errno.ENOSPC, errno.EDQUOT, errno.ENXIO, errno.ENODEV}
"""Errors that the chosen path or disk causes, not the program."""

PATHS = (str, bytes, os.PathLike)
_notes: dict[tuple[int, str], str] = {}  # what was met in this process, by device and operation


@contextmanager
def tolerate(operation: str, folder: Path, codes: set[int] = UNSUPPORTED) -> Iterator[None]:
    """Note an `OSError` of one of `codes` as a limit of the file system of `folder`."""
    try:
        yield
    except OSError as error:
        if error.errno not in codes:
            raise
        note(operation, folder, error.strerror or str(error))


def note(operation: str, folder: Path, reason: str) -> None:
    """Remember that the file system of `folder` refuses `operation`."""
    _notes.setdefault((_device(folder), operation), f"{operation}: {reason}")


def unsupported_operations(folder: Path) -> list[str]:
    """Return what the file system of `folder` has refused so far, one line an operation."""
    device = _device(folder)
    return sorted(text for (where, _), text in list(_notes.items()) if where == device)


def explain_path_error(error: BaseException) -> str:
    """Return which path was refused, and why, where `error` says so; else nothing."""
    if not isinstance(error, OSError) or error.errno not in PATH_ERRORS or error.filename is None:
        return ""
    path = printable_name(os.fsdecode(error.filename)) if isinstance(error.filename, PATHS) else ""
    return f"{path}: {error.strerror}. Check the path and its permissions." if path else ""


def free_bytes(folder: Path) -> int | None:
    """Return how many bytes are free where `folder` is; None if the system does not say."""
    ask = getattr(os, "statvfs", None)
    if ask is None:
        note("free space is not known", folder, "no statvfs")
        return None
    try:
        statistics = ask(folder)
    except OSError as error:
        note("free space is not known", folder, error.strerror or str(error))
        return None
    # some that are not on a disk have no blocks to count
    return statistics.f_bavail * statistics.f_frsize if statistics.f_blocks else None


def _device(folder: Path) -> int:
    try:
        return os.stat(folder).st_dev  # noqa: PTH116 - the same call on every system
    except OSError:
        return -1
