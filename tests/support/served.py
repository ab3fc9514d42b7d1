"""A server in a thread of the test, with the processes of its models."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from translate.serve.models.worker import Worker
from translate.serve.requests.access import create_access
from translate.serve.requests.limits import Limits
from translate.serve.server import bound_socket, serve


@contextmanager
def running_server(
    workers: Mapping[str, Worker], *, limits: Limits | None = None, token: str | None = None
) -> Iterator[str]:
    """Serve on a free port of 127.0.0.1 while the block runs; yield the address."""
    stop = threading.Event()
    with bound_socket("127.0.0.1", 0) as bound:
        address = f"http://127.0.0.1:{bound.getsockname()[1]}"
        bound.listen()  # clients may connect before the thread has begun
        arguments = (dict(workers), bound, create_access("127.0.0.1", token), limits or Limits())
        thread = threading.Thread(target=serve, args=(*arguments, stop.is_set))
        thread.start()
        try:
            yield address
        finally:
            stop.set()
            thread.join(20)
            assert not thread.is_alive()
