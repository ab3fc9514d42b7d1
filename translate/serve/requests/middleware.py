"""The outermost layer of the server: access control, headers, request ids, errors and metrics."""

import asyncio
import logging
import time
from collections.abc import Collection
from contextlib import suppress
from secrets import token_hex
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from translate.errors import describe_error
from translate.serve.counters import Counters
from translate.serve.requests.access import SECURITY_HEADERS, Access
from translate.serve.requests.limits import Limits, RequestError

INTERNAL_ERROR = "internal error. The server's log has the reason, under the id of this request."

logger = logging.getLogger(__name__)


class RequestMiddleware:
    """ASGI middleware around the API.

    Args:
        app: The application that answers allowed requests.
        access: Rules that decide which requests are allowed.
        limits: Limits of size and time.
        counters: Metrics, which count each request.
        routes: Paths that have their own metrics; all other paths are counted as ``other``.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        access: Access,
        limits: Limits,
        counters: Counters,
        routes: Collection[str],
    ) -> None:
        self.app, self.access, self.limits = app, access, limits
        self.counters, self.routes = counters, routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; other connections, such as web sockets, are ignored."""
        if scope["type"] != "http":
            return
        start, exchange = time.monotonic(), _Exchange(receive, send, self.limits)
        scope["state"] = {"id": exchange.id}
        try:
            self.access.check(scope["path"], Headers(scope=scope))
            await self.app(scope, exchange.receive, exchange.send)
        except RequestError as error:
            response = error_response(error, exchange.id)
            await response(scope, exchange.receive, exchange.send)
        except TimeoutError:
            logger.info(f"request {exchange.id}: the client does not read the response")
            raise  # closes the connection
        except Exception as error:
            logger.info(f"request {exchange.id}: {describe_error(error)}")
            if not exchange.status:
                response = error_response(RequestError(500, INTERNAL_ERROR), exchange.id)
                await response(scope, exchange.receive, exchange.send)
        finally:
            route = scope["path"] if scope["path"] in self.routes else "other"
            self.counters.count(route, exchange.status, time.monotonic() - start)


class _Exchange:
    """Receives one request, and sends the response with additional headers."""

    def __init__(self, receive: Receive, send: Send, limits: Limits) -> None:
        self.id = token_hex(8)
        self.status = 0
        """the status of the response; 0 until it has started"""
        self._receive, self._send, self._limits = receive, send, limits
        self._request_complete = False

    async def receive(self) -> Message:
        """Return the next part of the request."""
        message = await self._receive()
        self._request_complete = message["type"] != "http.request" or not message.get("more_body")
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the response; raises `TimeoutError` if the client does not read."""
        if message["type"] == "http.response.start":
            await self._discard_request()
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in {**SECURITY_HEADERS, "X-Request-Id": self.id}.items():
                headers[name] = value
            if not self._request_complete:
                headers["Connection"] = "close"
        async with asyncio.timeout(self._limits.send_seconds):
            await self._send(message)

    async def _discard_request(self) -> None:
        """Discard the rest of a request: clients send all of it before they read the response."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.drain_seconds):
                while not self._request_complete:
                    await self.receive()


def error_response(error: RequestError, identifier: str) -> JSONResponse:
    """Return the response for `error`; `error.detail` goes to the server's log only."""
    if error.detail:
        logger.info(f"request {identifier}: {error.detail}")
    headers: dict[str, Any] = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    content = {"error": error.message, "id": identifier}
    return JSONResponse(content, error.status, headers)
