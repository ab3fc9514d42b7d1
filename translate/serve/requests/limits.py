"""The limits of requests, and the error of a rejected request."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Maximum sizes, times and numbers, of single requests and of all requests together.

    Sizes are in pixels and bytes, times in seconds.
    """

    max_pixels: int = 24_000_000
    """pixels of an image, before and after scaling"""
    work_seconds: float = 60.0
    """time to process a request; a model that takes longer is restarted"""
    max_bytes: int = 32_000_000
    """size of the body of a request"""
    body_seconds: float = 30.0
    """time to receive the body of a request"""
    head_seconds: float = 10.0
    """time to receive the header of a request"""
    send_seconds: float = 30.0
    """time for a client to receive a chunk of the response"""
    drain_seconds: float = 2.0
    """time to receive and discard the rest of a rejected request"""
    requests: int = 16
    """number of requests that are processed at a time; others get status 503"""
    connections: int = 128
    """number of open connections at a time"""
    start_seconds: float = 300.0
    """time to load a model"""
    stop_seconds: float = 8.0
    """time to finish active requests when the server stops"""


class RequestError(Exception):
    """A rejected request.

    Args:
        status: The HTTP status.
        message: The message for the client, without paths of the server.
        retry_after: Seconds after which the client may retry.
        detail: A message for the server's log.
    """

    def __init__(
        self, status: int, message: str, *, retry_after: int | None = None, detail: str = ""
    ) -> None:
        super().__init__(status, message)
        self.status, self.message = status, message
        self.retry_after, self.detail = retry_after, detail
