"""A pool of threads that never delays the end of the process."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from typing import Any, TypeVar

Result = TypeVar("Result")
SHUTDOWN_SECONDS = 1.0
"""seconds to wait for running tasks when the ``with`` block raises"""


class DaemonThreadPool(Executor):
    """Like `concurrent.futures.ThreadPoolExecutor`, but its threads are daemons.

    When the ``with`` block raises, pending tasks are cancelled, and running tasks get
    `SHUTDOWN_SECONDS` to finish: an image that takes minutes to encode does not delay the exit.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._tasks: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._futures: set[Future[Any]] = set()
        self._closed = False

    def submit(
        self, function: Callable[..., Result], /, *args: Any, **kwargs: Any
    ) -> Future[Result]:
        """Schedule a call of `function`; calls start in the order of submission."""
        if self._closed:
            raise RuntimeError("this pool is closed")
        future: Future[Result] = Future()
        self._futures.add(future)
        future.add_done_callback(self._futures.discard)
        self._tasks.put((future, lambda: function(*args, **kwargs)))
        if len(self._threads) < self._count:
            thread = threading.Thread(target=_work, args=(self._tasks,), daemon=True)
            thread.start()
            self._threads.append(thread)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the threads after all submitted tasks; `cancel_futures` cancels pending tasks."""
        self._end(None if wait else 0.0, cancel=cancel_futures)

    def abandon(self) -> None:
        """Cancel pending tasks; the end of the ``with`` block does not wait for running tasks."""
        self._end(0.0, cancel=True)
        self._threads.clear()

    def __exit__(self, kind: object, *error: object) -> None:
        self._end(None if kind is None else SHUTDOWN_SECONDS, cancel=kind is not None)

    def _end(self, seconds: float | None, *, cancel: bool) -> None:
        self._closed = True
        if cancel:
            for future in list(self._futures):
                future.cancel()
        for _ in self._threads:
            self._tasks.put(None)
        deadline = None if seconds is None else time.monotonic() + seconds
        for thread in self._threads:
            thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))


def _work(tasks: "SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None]") -> None:
    """Run tasks until None arrives; an exception becomes the result of its future."""
    while (task := tasks.get()) is not None:
        future, call = task
        if future.set_running_or_notify_cancel():
            try:
                result = call()
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)
        del task, future, call  # frees the result while the thread waits for the next task
