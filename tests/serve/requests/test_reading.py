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


def read(
    chunks: Iterable[bytes], query: str = "", limits: Limits = LIMITS, **headers: str
) -> Submission:
    """Read a request whose body arrives in `chunks`; None stands for a pause without an end."""
    parts = list(chunks)

    async def receive() -> dict[str, Any]:
        if not parts:
            await asyncio.sleep(60)
        body = parts.pop(0)
        more = bool(parts) or body == b"..."
        return {"type": "http.request", "body": body, "more_body": more}

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "query_string": query.encode(), "headers": raw}
    return asyncio.run(reading.read(Request(scope, receive), limits))


def form(limits: Limits = LIMITS, **parts: Any) -> Submission:
    """Read a multipart form: text, or (name, bytes) of a file."""
    made = httpx.Request("POST", "http://x/", files={name: parts[name] for name in parts})
    return read([made.read()], limits=limits, content_type=made.headers["content-type"])


def test_a_body_is_the_image_and_the_query_has_the_parameters() -> None:
    given = read([b"abc", b"def"], "to=winter&size=64", content_type="image/png")
    assert given == Submission({"to": "winter", "size": "64"}, {"image": b"abcdef"})


def test_curl_sends_an_image_as_if_it_were_a_form() -> None:
    given = read([b"\x89PNG&="], content_type="application/x-www-form-urlencoded")
    assert given.files == {"image": b"\x89PNG&="}


def test_a_form_has_files_and_parameters() -> None:
    given = form(image=("../../x.png", b"image"), mask=("m", b"mask"), to=(None, "winter"))
    assert given == Submission({"to": "winter"}, {"image": b"image", "mask": b"mask"})


def test_S7_a_large_upload_stays_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    data = bytes(5_000_000)
    limits = replace(LIMITS, max_bytes=6_000_000, body_seconds=10)
    assert form(limits, image=("x", data)).files["image"] == data


def refused(*arguments: Any, **named: Any) -> tuple[int, str]:
    with pytest.raises(RequestError) as caught:
        read(*arguments, **named)
    return caught.value.status, caught.value.message


def test_S3_a_body_declared_too_large_is_not_read() -> None:
    status, message = refused([], content_length="1001")
    assert status == 413 and "1,000 bytes" in message


def test_S3_a_body_without_a_length_is_read_up_to_the_limit() -> None:
    assert refused([bytes(600), bytes(600), b"..."])[0] == 413


def test_S3_a_slow_body_is_given_up() -> None:
    assert refused([b"..."]) == (408, "the request was not complete after 0.05 seconds.")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("to=a&to=b", "'to' is given twice"),
        ("&".join(f"a{n}=1" for n in range(51)), "51 parameters: at most 50"),
        (f"to={'a' * 2001}", "'to' has more than 2,000 characters"),
    ],
)
def test_parameters_that_are_too_many_or_too_long_are_refused(query: str, message: str) -> None:
    status, text = refused([b""], query)
    assert status == 400 and message in text


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=a", b"--b\r\n\r\n"),
        ("multipart/form-data; boundary=a", b"--a\r\nContent-Disposition: x\r\n\r\n1\r\n--a--"),
        ("multipart/form-data; boundary=a; charset=no-such", b"--a\r\n\r\n1\r\n--a--"),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(kind: str, body: bytes) -> None:
    assert refused([body], content_type=kind)[0] == 400


def test_a_file_of_another_name_is_refused() -> None:
    with pytest.raises(RequestError, match="expected one file called image"):
        form(weights=("model.pt", b"x"))
