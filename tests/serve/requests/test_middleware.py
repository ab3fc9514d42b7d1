"""The middleware around all routes: ids, headers, counts, errors and limits."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from translate.serve.counters import Counters
from translate.serve.requests.access import SECURITY_HEADERS, create_access
from translate.serve.requests.limits import Limits, RequestError
from translate.serve.requests.middleware import RequestMiddleware, error_response

Application = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]


def middleware(app: Application, **limits: Any) -> RequestMiddleware:
    return RequestMiddleware(
        app,
        access=create_access("127.0.0.1", None),
        limits=replace(Limits(), **limits),
        counters=Counters([]),
        routes={"/"},
    )


def get(app: RequestMiddleware, path: str = "/", **options: Any) -> httpx.Response:
    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.get(path, **options)

    return asyncio.run(call())


async def answer_id(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(scope["state"]["id"])(scope, receive, send)


async def fail(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    raise ValueError("/home/me/secret")


def test_every_response_has_its_own_id_and_the_security_headers() -> None:
    first, second = get(middleware(answer_id)), get(middleware(answer_id))
    assert first.text == first.headers["X-Request-Id"] != second.text
    assert {name: first.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert not [name for name in first.headers if name.startswith("access-control-")]


def test_S7_an_error_has_an_id_by_which_the_log_finds_it(messages: list[str]) -> None:
    app = middleware(fail)
    response = get(app)
    assert response.status_code == 500 and response.json()["id"] == response.headers["X-Request-Id"]
    assert "/home" not in response.text
    assert messages == [f"request {response.json()['id']}: ValueError: /home/me/secret"]
    assert 'route="/",status="500"} 1.0' in app.counters.text().decode()


def test_S5_a_refused_request_does_not_reach_the_application() -> None:
    app = middleware(fail)
    response = get(app, headers={"Host": "evil.com"})
    assert response.status_code == 403 and "not a name of this server" in response.json()["error"]
    assert {name: response.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


def test_unknown_paths_are_counted_together() -> None:
    app = middleware(answer_id)
    get(app, "/one")
    get(app, "/two")
    assert 'route="other",status="200"} 2.0' in app.counters.text().decode()


def exchange(
    app: RequestMiddleware, received: list[dict[str, Any]], *, client_reads: bool = True
) -> list[Any]:
    """Send a request with the messages `received` to `app`, and return its messages."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if not received:
            await asyncio.sleep(60)
        return received.pop(0)

    async def send(message: Any) -> None:
        if not client_reads:
            await asyncio.sleep(60)
        sent.append(message)

    scope = {"type": "http", "path": "/", "method": "POST", "headers": [(b"host", b"evil.com")]}
    asyncio.run(app(scope, receive, send))
    return sent


def test_the_rest_of_a_refused_body_is_read_before_the_response() -> None:
    body = [{"type": "http.request", "body": b"x", "more_body": n < 2} for n in range(3)]
    sent = exchange(middleware(answer_id), body)
    assert not body and sent[0]["status"] == 403
    assert b"connection" not in dict(sent[0]["headers"])


def test_a_refused_body_without_an_end_closes_the_connection() -> None:
    body = [{"type": "http.request", "body": b"x", "more_body": True}]
    sent = exchange(middleware(answer_id, drain_seconds=0.01), body)
    assert sent[0]["status"] == 403 and dict(sent[0]["headers"])[b"connection"] == b"close"


def test_S3_a_response_that_the_client_does_not_read_is_abandoned() -> None:
    body = [{"type": "http.request", "body": b""}]
    with pytest.raises(TimeoutError):
        exchange(middleware(answer_id, send_seconds=0.01), body, client_reads=False)


def test_an_error_response_has_headers_for_retry_and_authentication(messages: list[str]) -> None:
    busy = error_response(RequestError(503, "busy", retry_after=5, detail="why"), "abc")
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "5")
    assert messages == ["request abc: why"]
    assert error_response(RequestError(401, "token"), "abc").headers["WWW-Authenticate"] == "Bearer"
