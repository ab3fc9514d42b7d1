"""Record and skip operations that a file system does not support, such as locks."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from translate.errors import printable_name

UNSUPPORTED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
"""errors of SMB, FUSE and network file systems for an unsupported operation"""
NO_FOLDER_SYNC = UNSUPPORTED | {errno.EACCES, errno.EPERM, errno.EBADF, errno.EISDIR}
"""errors for syncing a folder; some systems, such as Windows, cannot even open a folder"""
NO_RENAME = UNSUPPORTED | {errno.EXDEV, errno.EPERM}
"""errors for renaming; overlay file systems return EXDEV for a folder of a lower layer"""
BUSY = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}
"""errors for locking a file that another process has locked"""

PATH_ERRORS = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR),
    *(errno.EIO, errno.ESTALE, errno.ENOSPC, errno.EDQUOT, errno.ENXIO, errno.ENODEV),
}
"""errors that the chosen path or disk causes, not the program"""

PATHS = (str, bytes, os.PathLike)
_unsupported: dict[tuple[int, str], str] = {}
"""messages of unsupported operations in this process, by device number and operation"""


@contextmanager
def tolerate(operation: str, folder: Path, codes: set[int] = UNSUPPORTED) -> Iterator[None]:
    """End the block at an `OSError` with one of `codes`, and record `operation` as unsupported.

    `operation` is a clause such as "files cannot be synced".
    """
    try:
        yield
    except OSError as error:
        if error.errno not in codes:
            raise
        record_unsupported(operation, folder, error)


def record_unsupported(operation: str, folder: Path, error: OSError) -> None:
    """Record that the file system of `folder` does not support `operation`, with its `error`."""
    reason = error.strerror or str(error)
    _unsupported.setdefault((_device(folder), operation), f"{operation}: {reason}")


def unsupported_operations(folder: Path) -> list[str]:
    """Return messages of the operations that the file system of `folder` did not support so far."""
    device = _device(folder)
    return sorted(
        text for (known_device, _), text in list(_unsupported.items()) if known_device == device
    )


def explain_path_error(error: BaseException) -> str:
    """Return a message with the path that caused `error`; "" for an error that no path caused."""
    if not isinstance(error, OSError) or error.errno not in PATH_ERRORS or error.filename is None:
        return ""
    path = printable_name(os.fsdecode(error.filename)) if isinstance(error.filename, PATHS) else ""
    return f"{path}: {error.strerror}. Check the path and its permissions." if path else ""


def free_bytes(folder: Path) -> int | None:
    """Return the free bytes on the file system of `folder`; None if they are unknown."""
    statvfs = getattr(os, "statvfs", None)
    try:
        if statvfs is None:
            raise OSError(0, "no statvfs")
        statistics = statvfs(folder)
    except OSError as error:
        record_unsupported("free space is not known", folder, error)
        return None
    # file systems without a disk have no blocks
    return statistics.f_bavail * statistics.f_frsize if statistics.f_blocks else None


def _device(folder: Path) -> int:
    try:
        return os.stat(folder).st_dev  # noqa: PTH116 - the same call on every system
    except OSError:
        return -1
