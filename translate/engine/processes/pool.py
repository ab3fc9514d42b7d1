"""A pool of threads that never keeps the process alive."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from types import TracebackType
from typing import Any, TypeVar

Result = TypeVar("Result")
SHUTDOWN_SECONDS = 1.0
"""seconds to wait for what threads have begun, where a block ends by an exception"""


class DaemonThreadPool(Executor):
    """Like `concurrent.futures.ThreadPoolExecutor`, but its threads are daemons.

    Where the block ends by an exception, what has not begun is cancelled, and what has is waited
    for `PATIENCE` seconds: a picture that takes minutes to encode ends with the process.
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
        """Call `function` in one of the threads, in the order of these calls."""
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
        """End the threads once all that was submitted is done, or cancel what has not begun."""
        self._end(None if wait else 0.0, cancel=cancel_futures)

    def abandon(self) -> None:
        """Cancel what has not begun; the block's end waits for nothing."""
        self._end(0.0, cancel=True)
        self._threads.clear()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
    """Do one task after the other; what it raises is its future's."""
    while (task := tasks.get()) is not None:
        future, call = task
        if future.set_running_or_notify_cancel():
            try:
                result = call()
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)
        del task, future, call  # or the last result would live until the next task
