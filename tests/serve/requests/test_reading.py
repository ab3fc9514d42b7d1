"""The body of a request: its image, mask and parameters, and the limits on them."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from translate.serve.requests import reading
from translate.serve.requests.limits import Limits, RequestError
from translate.serve.requests.reading import Submission

LIMITS = Limits(max_bytes=1000, body_seconds=0.05)


def read_request(
    chunks: Iterable[bytes], query: str = "", limits: Limits = LIMITS, **headers: str
) -> Submission:
    """Read a request that arrives in `chunks`; after a last ``b"..."``, nothing follows."""
    remaining = list(chunks)

    async def receive() -> dict[str, Any]:
        if not remaining:
            await asyncio.sleep(60)
        body = remaining.pop(0)
        more = bool(remaining) or body == b"..."
        return {"type": "http.request", "body": body, "more_body": more}

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "query_string": query.encode(), "headers": raw}
    return asyncio.run(reading.read(Request(scope, receive), limits))


def read_form(limits: Limits = LIMITS, **parts: Any) -> Submission:
    """Read a multipart form with `parts`: (file name or None, content) of each."""
    request = httpx.Request("POST", "http://x/", files=parts)
    return read_request(
        [request.read()], limits=limits, content_type=request.headers["content-type"]
    )


def test_a_body_that_is_no_form_is_the_image_and_the_query_has_the_parameters() -> None:
    submission = read_request([b"abc", b"def"], "to=winter&size=64", content_type="image/png")
    assert submission == Submission({"to": "winter", "size": "64"}, {"image": b"abcdef"})


def test_an_image_that_curl_sends_with_the_type_of_a_form_is_an_image() -> None:
    submission = read_request([b"\x89PNG&="], content_type="application/x-www-form-urlencoded")
    assert submission.files == {"image": b"\x89PNG&="}


def test_a_form_has_files_and_parameters() -> None:
    submission = read_form(
        image=("../../x.png", b"image"), mask=("m", b"mask"), to=(None, "winter")
    )
    assert submission == Submission({"to": "winter"}, {"image": b"image", "mask": b"mask"})


def test_S7_a_large_upload_stays_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    data = bytes(5_000_000)
    limits = replace(LIMITS, max_bytes=6_000_000, body_seconds=10)
    assert read_form(limits, image=("x", data)).files["image"] == data


def rejection(*arguments: Any, **headers: Any) -> tuple[int, str]:
    """Return the status and the message of the error of `read_request`."""
    with pytest.raises(RequestError) as caught:
        read_request(*arguments, **headers)
    return caught.value.status, caught.value.message


def test_S3_a_body_declared_too_large_is_not_read() -> None:
    status, message = rejection([], content_length="1001")
    assert status == 413 and "1,000 bytes" in message


def test_S3_a_body_without_a_length_is_read_up_to_the_limit() -> None:
    assert rejection([bytes(600), bytes(600), b"..."])[0] == 413


def test_S3_a_body_that_is_too_slow_is_refused() -> None:
    assert rejection([b"..."]) == (408, "the request was not complete after 0.05 seconds.")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("to=a&to=b", "'to' is given twice"),
        ("&".join(f"a{n}=1" for n in range(51)), "51 parameters: at most 50"),
        (f"to={'a' * 2001}", "'to' has more than 2,000 characters"),
    ],
)
def test_parameters_that_are_too_many_or_too_long_are_refused(query: str, message: str) -> None:
    status, text = rejection([b""], query)
    assert status == 400 and message in text


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=a", b"--b\r\n\r\n"),
        ("multipart/form-data; boundary=a", b"--a\r\nContent-Disposition: x\r\n\r\n1\r\n--a--"),
        ("multipart/form-data; boundary=a; charset=no-such", b"--a\r\n\r\n1\r\n--a--"),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(content_type: str, body: bytes) -> None:
    assert rejection([body], content_type=content_type)[0] == 400


def test_a_file_in_a_field_of_another_name_is_refused() -> None:
    with pytest.raises(RequestError, match="expected one file called image"):
        read_form(weights=("model.pt", b"x"))
