"""The limits of requests, and the error of a refused request."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds on one request, and on all together."""

    max_pixels: int = 24_000_000
    """of an image, before and after it is scaled"""
    work_seconds: float = 60.0
    """for the work of one request, after which its model's process is replaced"""
    max_bytes: int = 32_000_000
    """of the body of a request"""
    body_seconds: float = 30.0
    """until the body of a request has arrived"""
    head_seconds: float = 10.0
    """until the head of a request has arrived"""
    send_seconds: float = 30.0
    """until a client has taken a part of the response"""
    drain_seconds: float = 2.0
    """for the rest of a refused body, so that the client reads the response"""
    requests: int = 16
    """requests that are read or processed at a time; others get 503"""
    connections: int = 128
    start_seconds: float = 300.0
    """until a model is loaded"""
    stop_seconds: float = 8.0
    """for the requests at hand when the server stops"""


class RequestError(Exception):
    """A request that gets an error instead of a result.

    Args:
        status: the HTTP status.
        message: for the client; it names no path of the server.
        retry_after: seconds after which the client may try again.
        detail: for the server's log.
    """

    def __init__(
        self, status: int, message: str, *, retry_after: int | None = None, detail: str = ""
    ) -> None:
        super().__init__(status, message)
        self.status, self.message = status, message
        self.retry_after, self.detail = retry_after, detail
