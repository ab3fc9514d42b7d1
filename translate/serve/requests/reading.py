"""Read the parameters and the files of a request into memory.

Names of uploaded files are ignored, and nothing that a client sends is used as a path or a URL.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from translate.serve.requests.limits import Limits, RequestError

MAX_FIELDS = 50
"""maximum number of parameters of a request"""
MAX_TEXT_LENGTH = 2_000
"""maximum length of a parameter's name or value, in characters"""
FILE_FIELDS = ("image", "mask")
"""fields of a multipart form that are files; a body that is no form is the image"""


@dataclass(frozen=True)
class Submission:
    """The content of a request."""

    fields: dict[str, str]
    """parameters by name"""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """content of the files, by names of `FILE_FIELDS`"""


class _InMemoryParser(MultiPartParser):
    """A parser that keeps all files in memory; `read_body` has limited their size."""

    spool_max_size: ClassVar[int] = 1 << 40  # type: ignore[misc]


async def read(request: Request, limits: Limits) -> Submission:
    """Return the parameters of the query and the form, and the files.

    Raises:
        RequestError: Status 413 for a body that is too large, 408 for one that is too slow, 400 for
            an incomplete body, a form that cannot be read, or a repeated parameter.
    """
    body = await read_body(request, limits)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    parameters: list[tuple[str, str]] = list(request.query_params.multi_items())
    files: dict[str, bytes] = {}
    if media_type == "multipart/form-data":
        for name, value in await _parse_multipart(request, body):
            if isinstance(value, str):
                parameters.append((name, value))
            elif name not in FILE_FIELDS or name in files:
                text = f"file {name[:40]!r}: expected one file called image, and for a model that"
                raise RequestError(400, f"{text} fills holes one called mask.")
            else:
                files[name] = value
    elif body:  # of any media type: curl labels files as forms
        files["image"] = body
    return Submission(_check_parameters(parameters), files)


async def read_body(request: Request, limits: Limits) -> bytes:
    """Return the body of a request; raise `RequestError` if it is too large or too slow."""
    too_large = RequestError(
        413, f"the request is too large: at most {limits.max_bytes:,} bytes are accepted."
    )
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > limits.max_bytes:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(limits.body_seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limits.max_bytes:
                    raise too_large
    except ClientDisconnect as error:
        raise RequestError(400, "the request is incomplete.") from error
    except TimeoutError as error:
        text = f"the request was not complete after {limits.body_seconds:g} seconds."
        raise RequestError(408, text) from error
    return bytes(body)


async def _parse_multipart(request: Request, body: bytes) -> list[tuple[str, str | bytes]]:
    """Return the name and the value of each field of a form; values of files are bytes."""

    async def stream() -> AsyncGenerator[bytes]:
        yield body

    parser = _InMemoryParser(
        request.headers,
        stream(),
        max_files=len(FILE_FIELDS),
        max_fields=MAX_FIELDS,
        max_part_size=4 * MAX_TEXT_LENGTH,
    )
    try:
        form = await parser.parse()
    except (MultiPartException, ValueError, LookupError) as error:
        raise RequestError(400, "the form could not be read as multipart/form-data.") from error
    fields: list[tuple[str, str | bytes]] = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            fields.append((name, value.file.read()))
            value.file.close()
        else:
            fields.append((name, value))
    return fields


def _check_parameters(parameters: list[tuple[str, str]]) -> dict[str, str]:
    """Return parameters by name; raise `RequestError` for many, repeated or long parameters."""
    if len(parameters) > MAX_FIELDS:
        raise RequestError(400, f"{len(parameters)} parameters: at most {MAX_FIELDS} are accepted.")
    fields: dict[str, str] = {}
    for name, value in parameters:
        if name in fields:
            raise RequestError(400, f"{name[:40]!r} is given twice: give it once.")
        if len(name) > MAX_TEXT_LENGTH or len(value) > MAX_TEXT_LENGTH:
            raise RequestError(400, f"{name[:40]!r} has more than {MAX_TEXT_LENGTH:,} characters.")
        fields[name] = value
    return fields
