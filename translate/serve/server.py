"""Run the server: bind the address, load the models, and answer requests until a stop signal."""

import logging
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from translate.errors import ConfigError
from translate.serve.app import create_app
from translate.serve.models.worker import Worker
from translate.serve.requests.access import Access
from translate.serve.requests.limits import Limits
from translate.serve.requests.middleware import RequestMiddleware

POLL_SECONDS = 0.1
"""time between two calls of `should_stop` while models are loaded"""

logger = logging.getLogger(__name__)


@contextmanager
def bound_socket(host: str, port: int) -> Iterator[socket.socket]:
    """Yield a socket that is bound to `host` and `port`; raise `ConfigError` if that fails."""
    try:
        family, socket_type, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
    except (socket.gaierror, UnicodeError) as error:
        raise ConfigError(
            f"--host {host}: expected an address of this machine, such as 127.0.0.1 ({error})."
        ) from error
    with socket.socket(family, socket_type) as server_socket:
        if hasattr(socket, "SO_REUSEPORT"):  # Windows has none, and shares used ports
            server_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server_socket.bind(address)
        except OSError as error:
            raise ConfigError(
                f"--port {port}: cannot be used on {host} ({error.strerror}). Choose another, or 0 "
                "for a free one."
            ) from error
        yield server_socket


@contextmanager
def running_workers(
    references: Sequence[str],
    *,
    device: str,
    limits: Limits,
    should_stop: Callable[[], object],
    backend: str | None = None,
) -> Iterator[dict[str, Worker]]:
    """Yield a worker with a loaded model for each of `references`, by the name that clients use.

    Each of `references` is a run, checkpoint, pack or exported file. If `should_stop` returns a
    true value, the workers are yielded before all models are loaded. Raises `TranslateError` if a
    model cannot be loaded.
    """
    names = unique_names(references)
    workers = {
        name: Worker(name, reference, device=device, limits=limits, backend=backend)
        for name, reference in zip(names, references, strict=True)
    }
    try:
        loading = [worker.start() for worker in workers.values()]
        while not should_stop() and wait(loading, POLL_SECONDS).not_done:
            _raise_errors(loading)  # before other models are loaded
        _raise_errors(loading)
        yield workers
    finally:
        for worker in workers.values():
            worker.close()


def _raise_errors(loading: Iterable[Future[Any]]) -> None:
    """Raise the exception of a model that could not be loaded."""
    for future in loading:
        if future.done():
            future.result()


def unique_names(references: Sequence[str]) -> list[str]:
    """Return a unique name for each model: that of its file or run folder, and a number if needed.

    Characters that a URL would have to escape become hyphens; ``@`` is kept for ``run@best``.
    """
    names: list[str] = []
    for reference in references:
        path = Path(reference).resolve()
        run = path.parent.parent if path.parent.name == "checkpoints" else path
        name = run.name or "model"
        stem = "".join(c if c.isascii() and (c.isalnum() or c in "-_.@") else "-" for c in name)
        candidates = [stem, *(f"{stem}-{n}" for n in range(2, len(references) + 1))]
        names.append(next(candidate for candidate in candidates if candidate not in names))
    return names


def serve(
    workers: dict[str, Worker],
    server_socket: socket.socket,
    access: Access,
    limits: Limits,
    should_stop: Callable[[], object],
) -> None:
    """Answer requests until `should_stop` returns a true value, and finish active requests."""
    config = uvicorn.Config(
        create_app(workers, access, limits),
        http=TimeoutProtocol,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        log_level="critical",  # `RequestMiddleware` logs errors
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=limits.connections,
        timeout_graceful_shutdown=int(limits.stop_seconds),
    )
    StoppableServer(config, should_stop).run(sockets=[server_socket])


class StoppableServer(uvicorn.Server):
    """A server that stops when a function returns true; ``translate serve`` handles signals."""

    def __init__(self, config: uvicorn.Config, should_stop: Callable[[], object]) -> None:
        super().__init__(config)
        self._should_stop = should_stop

    def capture_signals(self) -> Any:
        """Install no signal handlers."""
        return nullcontext()

    async def on_tick(self, counter: int) -> bool:
        """Return whether to stop."""
        return await super().on_tick(counter) or bool(self._should_stop())


class TimeoutProtocol(H11Protocol):
    """HTTP/1.1 that closes a connection if no complete request header arrives in time."""

    _timer: Any = None
    """closes the connection if no header arrives; None while a request is answered"""

    def connection_made(self, transport: Any) -> None:
        """Start the time limit."""
        super().connection_made(transport)
        self._update_timer()

    def data_received(self, data: bytes) -> None:
        """Receive a part of a request."""
        super().data_received(data)
        self._update_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the time limit."""
        super().connection_lost(exc)
        if self._timer:
            self._timer.cancel()

    def _update_timer(self) -> None:
        """Stop the timer while a request is answered; start it when a connection or header begins.

        Between requests, the time limit of uvicorn for idle connections holds.
        """
        active = self.cycle is not None and not self.cycle.response_complete
        if active and self._timer:
            self._timer.cancel()
            self._timer = None
        elif not active and not self._timer:
            self._timer = self.loop.call_later(self._header_seconds, self._close)

    @property
    def _header_seconds(self) -> float:
        app = self.config.app
        limits = app.limits if isinstance(app, RequestMiddleware) else Limits()
        return limits.head_seconds

    def _close(self) -> None:
        self._timer = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
