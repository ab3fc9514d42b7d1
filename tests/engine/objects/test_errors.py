"""Exceptions of a store become one line that says what to do."""

import errno

import pytest

from translate.engine.objects.errors import as_os_errors
from translate.engine.system.locations import parse_location


class EndpointConnectionError(Exception):
    """As botocore has it."""


class NoCredentialsError(Exception):
    """As botocore has it."""


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (NoCredentialsError("?"), errno.EIO, "AWS_ACCESS_KEY_ID"),
        (EndpointConnectionError("?"), errno.EIO, "check the network"),
        (TimeoutError(), errno.EIO, "did not answer in time"),
        (FileNotFoundError("The specified bucket does not exist"), errno.ENOENT, "no such bucket"),
        (FileNotFoundError("b/x"), errno.ENOENT, "not there"),
        (FileExistsError("b/x"), errno.EEXIST, "it exists"),
        (PermissionError("Access Denied"), errno.EACCES, "access is denied"),
        (OSError(errno.EIO, "odd"), errno.EIO, "odd"),
        (ValueError("what"), errno.EIO, "ValueError: what"),
    ],
)
def test_each_kind_has_its_reason(error: Exception, code: int, text: str) -> None:
    url = parse_location("s3://b/x")
    with pytest.raises(OSError) as caught, as_os_errors(url):
        raise error
    assert caught.value.errno == code
    assert text in (caught.value.strerror or "")
    assert caught.value.filename == "s3://b/x"


def test_the_cause_of_an_exception_counts() -> None:
    with pytest.raises(OSError, match="check the network"), as_os_errors(parse_location("s3://b")):
        try:
            raise EndpointConnectionError
        except EndpointConnectionError as error:
            raise RuntimeError("gave up") from error
