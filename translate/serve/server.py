"""Run the server: bind the address, load the models, answer until it is stopped."""

import logging
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import wait
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from translate.errors import ConfigError
from translate.serve.app import create_app
from translate.serve.models.worker import Worker
from translate.serve.requests.access import Access
from translate.serve.requests.gate import Gate
from translate.serve.requests.limits import Limits

POLL_SECONDS = 0.1
"""between two checks whether to stop"""

logger = logging.getLogger(__name__)


@contextmanager
def bound_socket(host: str, port: int) -> Iterator[socket.socket]:
    """Yield a socket that is bound to an address; raises `ConfigError` if that fails."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError) as error:
        raise ConfigError(
            f"--host {host}: expected an address of this machine, such as 127.0.0.1 ({error})."
        ) from error
    with socket.socket(family, kind) as bound:
        if hasattr(socket, "SO_REUSEPORT"):  # on Windows, SO_REUSEADDR shares a port in use
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind(address)
        except OSError as error:
            raise ConfigError(
                f"--port {port}: cannot be used on {host} ({error.strerror}). Choose another, or 0 "
                "for a free one."
            ) from error
        yield bound


@contextmanager
def running_workers(
    references: Sequence[str],
    *,
    device: str,
    limits: Limits,
    stop: Callable[[], object],
    backend: str | None = None,
) -> Iterator[dict[str, Worker]]:
    """Yield a loaded model for each of `references`, by the name that clients call it.

    Loading ends early once `stop` returns something true. Raises the `TranslateError` of a model
    that cannot be loaded.
    """
    names = names_of(references)
    workers = {
        name: Worker(name, reference, device=device, limits=limits, backend=backend)
        for name, reference in zip(names, references, strict=True)
    }
    try:
        loading = [worker.start() for worker in workers.values()]
        while not stop() and wait(loading, POLL_SECONDS).not_done:
            for future in loading:
                if future.done():
                    future.result()  # raises what went wrong with it before the others are loaded
        for future in loading:
            if future.done():
                future.result()
        yield workers
    finally:
        for worker in workers.values():
            worker.close()


def names_of(references: Sequence[str]) -> list[str]:
    """Return a name for each run: the last part of its path, with a number where it is taken."""
    names: list[str] = []
    for reference in references:
        path = Path(reference).resolve()
        run = path.parent.parent if path.parent.name == "checkpoints" else path
        name = run.name or "model"
        plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.@") else "-" for c in name)
        numbers = (plain if n == 1 else f"{plain}-{n}" for n in range(1, len(references) + 1))
        names.append(next(name for name in numbers if name not in names))
    return names


def serve(
    workers: dict[str, Worker],
    bound: socket.socket,
    access: Access,
    limits: Limits,
    stop: Callable[[], object],
) -> None:
    """Answer requests until `stop` returns something true; those at work are finished first."""
    config = uvicorn.Config(
        create_app(workers, access, limits),
        http=Protocol,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        log_level="critical",  # the gate logs what goes wrong
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=limits.connections,
        timeout_graceful_shutdown=int(limits.stop_seconds),
    )
    Server(config, stop).run(sockets=[bound])


class Server(uvicorn.Server):
    """A server that is stopped by a method; the command handles signals."""

    def __init__(self, config: uvicorn.Config, stop: Callable[[], object]) -> None:
        super().__init__(config)
        self._stop = stop

    def capture_signals(self) -> Any:
        """Install no handlers."""
        return nullcontext()

    async def on_tick(self, counter: int) -> bool:
        """Return whether to stop."""
        return await super().on_tick(counter) or bool(self._stop())


class Protocol(H11Protocol):
    """HTTP/1.1 that closes connections on which no whole head of a request arrives."""

    _idle: Any = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Read a part of a request."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the waiting."""
        super().connection_lost(exc)
        if self._idle:
            self._idle.cancel()

    def _watch(self) -> None:
        at_work = self.cycle is not None and not self.cycle.response_complete
        if at_work and self._idle:
            self._idle.cancel()
            self._idle = None
        elif not at_work and not self._idle:
            self._idle = self.loop.call_later(self._head_seconds, self._close)

    @property
    def _head_seconds(self) -> float:
        app = self.config.app
        return app.limits.head_seconds if isinstance(app, Gate) else Limits.head_seconds

    def _close(self) -> None:
        self._idle = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
