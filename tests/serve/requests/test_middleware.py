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


def get(app: RequestMiddleware, path: str = "/", **given: Any) -> httpx.Response:
    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.get(path, **given)

    return asyncio.run(call())


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(scope["state"]["id"])(scope, receive, send)


async def fail(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    raise ValueError("/home/me/secret")


def test_every_response_has_an_id_and_the_headers() -> None:
    first, second = get(middleware(hello)), get(middleware(hello))
    assert first.text == first.headers["X-Request-Id"] != second.text
    assert {name: first.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert not [name for name in first.headers if name.startswith("access-control-")]


def test_S7_an_error_has_an_id_by_which_the_log_finds_it(messages: list[str]) -> None:
    app = middleware(fail)
    answer = get(app)
    assert answer.status_code == 500 and answer.json()["id"] == answer.headers["X-Request-Id"]
    assert "/home" not in answer.text
    assert messages == [f"request {answer.json()['id']}: ValueError: /home/me/secret"]
    assert 'route="/",status="500"} 1.0' in app.counters.text().decode()


def test_S5_a_refused_request_does_not_reach_the_application() -> None:
    app = middleware(fail)
    answer = get(app, headers={"Host": "evil.com"})
    assert answer.status_code == 403 and "not a name of this server" in answer.json()["error"]
    assert SECURITY_HEADERS.items() <= {k: answer.headers.get(k) for k in SECURITY_HEADERS}.items()


def test_unknown_paths_are_counted_together() -> None:
    app = middleware(hello)
    get(app, "/one")
    get(app, "/two")
    assert 'route="other",status="200"} 2.0' in app.counters.text().decode()


def exchange(
    app: RequestMiddleware, received: list[dict[str, Any]], *, reads: bool = True
) -> list[Any]:
    """Send a request to `app`, and return what it sends back."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if not received:
            await asyncio.sleep(60)
        return received.pop(0)

    async def send(message: Any) -> None:
        if not reads:
            await asyncio.sleep(60)
        sent.append(message)

    scope = {"type": "http", "path": "/", "method": "POST", "headers": [(b"host", b"evil.com")]}
    asyncio.run(app(scope, receive, send))
    return sent


def test_the_rest_of_a_refused_body_is_read_before_the_response() -> None:
    body = [{"type": "http.request", "body": b"x", "more_body": n < 2} for n in range(3)]
    sent = exchange(middleware(hello), body)
    assert not body and sent[0]["status"] == 403
    assert b"connection" not in dict(sent[0]["headers"])


def test_a_refused_body_without_an_end_closes_the_connection() -> None:
    body = [{"type": "http.request", "body": b"x", "more_body": True}]
    sent = exchange(middleware(hello, drain_seconds=0.01), body)
    assert sent[0]["status"] == 403 and dict(sent[0]["headers"])[b"connection"] == b"close"


def test_S3_a_client_that_does_not_read_is_given_up() -> None:
    body = [{"type": "http.request", "body": b""}]
    with pytest.raises(TimeoutError):
        exchange(middleware(hello, send_seconds=0.01), body, reads=False)


def test_an_error_states_when_to_try_again(messages: list[str]) -> None:
    busy = error_response(RequestError(503, "busy", retry_after=5, detail="why"), "abc")
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "5")
    assert messages == ["request abc: why"]
    assert error_response(RequestError(401, "token"), "abc").headers["WWW-Authenticate"] == "Bearer"
