"""One-line messages for errors of an object store."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from translate.errors import describe_error, message_of

REASONS = {
    "NoCredentials": "there are no credentials: set them as the provider's own tools read them, "
    "for s3:// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or `aws configure`",
    "EndpointConnection": "the store cannot be reached: check the network, and AWS_ENDPOINT_URL "
    "where it is set",
    "Timeout": "the store did not answer in time",
}
"""reasons by a part of an exception's class name, as libraries of providers share no classes"""
DENIED = "access is denied: check the credentials and their rights"


@contextmanager
def as_os_errors(path: Path) -> Iterator[None]:
    """Turn any exception in the block into an `OSError` with a reason in plain words."""
    try:
        yield
    except Exception as error:
        raise OSError(*_explain(error), str(path)) from error


def _explain(error: Exception) -> tuple[int, str]:
    """Return the error number and the reason of an exception, or of its causes."""
    chain: list[BaseException] = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) and cause not in chain:
        chain.append(cause)
    for cause in chain:
        for part, reason in REASONS.items():
            if part in type(cause).__name__:
                return errno.EIO, reason
    if isinstance(error, FileNotFoundError):
        lacks_bucket = "bucket does not exist" in message_of(error)
        return errno.ENOENT, "there is no such bucket" if lacks_bucket else "not there"
    if isinstance(error, FileExistsError):
        return errno.EEXIST, "it exists"
    if isinstance(error, PermissionError):
        return errno.EACCES, f"{DENIED} ({message_of(error)})"
    if isinstance(error, OSError) and error.strerror:
        return error.errno or errno.EIO, error.strerror
    return errno.EIO, describe_error(error)
