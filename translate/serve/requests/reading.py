"""Read the parameters and files of a request, into memory.

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
"""maximum number of parameters"""
MAX_TEXT = 2_000
"""maximum length of a name or value in characters"""
FILES = ("image", "mask")
"""names of files in a multipart form; any other body is the image"""


@dataclass(frozen=True)
class Submission:
    """A request's files and fields."""

    fields: dict[str, str]
    files: Mapping[str, bytes] = field(default_factory=dict)


class _InMemory(MultiPartParser):
    """A parser that writes no temporary files, as `read_body` limits the size."""

    spool_max_size: ClassVar[int] = 1 << 40  # type: ignore[misc]


async def read(request: Request, limits: Limits) -> Submission:
    """Return the parameters of the query and the form, and the files.

    Raises:
        RequestError: Status 413 for a body that is too large, 408 for one that is too slow, 400 for
            an incomplete body, a form that cannot be read, or a repeated parameter.
    """
    body = await read_body(request, limits)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    pairs: list[tuple[str, str]] = list(request.query_params.multi_items())
    files: dict[str, bytes] = {}
    if media_type == "multipart/form-data":
        for name, value in await _parse_multipart(request, body):
            if isinstance(value, str):
                pairs.append((name, value))
            elif name not in FILES or name in files:
                text = f"file {name[:40]!r}: expected one file called image, and for a model that"
                raise RequestError(400, f"{text} fills holes one called mask.")
            else:
                files[name] = value
    elif body:  # of any media type: curl declares files as forms
        files["image"] = body
    return Submission(_fields(pairs), files)


async def read_body(request: Request, limits: Limits) -> bytes:
    """Return the body; raises `RequestError` once it is too large or too slow."""
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
    async def stream() -> AsyncGenerator[bytes]:
        yield body

    parser = _InMemory(
        request.headers,
        stream(),
        max_files=len(FILES),
        max_fields=MAX_FIELDS,
        max_part_size=4 * MAX_TEXT,
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


def _fields(pairs: list[tuple[str, str]]) -> dict[str, str]:
    if len(pairs) > MAX_FIELDS:
        raise RequestError(400, f"{len(pairs)} parameters: at most {MAX_FIELDS} are accepted.")
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields:
            raise RequestError(400, f"{name[:40]!r} is given twice: give it once.")
        if len(name) > MAX_TEXT or len(value) > MAX_TEXT:
            raise RequestError(400, f"{name[:40]!r} has more than {MAX_TEXT:,} characters.")
        fields[name] = value
    return fields
