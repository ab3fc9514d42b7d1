"""A bounded, ordered map over threads that runs ahead of its consumer."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, wait
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
POLL_SECONDS = 0.1
"""seconds between two calls of `stop`"""


def slices_of(items: Sequence[Item], count: int) -> Iterator[Sequence[Item]]:
    """Yield slices of `count` items; the last may be shorter."""
    return (items[start : start + count] for start in range(0, len(items), count))


def run_ahead(
    pool: Executor,
    work: Callable[[Item], Result],
    items: Iterable[Item],
    count: int,
    stop: Callable[[], object] = bool,
) -> Iterator[Result]:
    """Yield ``work(item)`` in order, with up to `count` items in progress in `pool`.

    Once `stop` returns true, the iterator ends without waiting for items in progress.
    """
    waiting: deque[Future[Result]] = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) > count or waiting[0].done():
            if not _is_done(waiting[0], stop):
                return
            yield waiting.popleft().result()
    while waiting:
        if not _is_done(waiting[0], stop):
            return
        yield waiting.popleft().result()


def _is_done(future: Future[Result], stop: Callable[[], object]) -> bool:
    """Wait until `future` is done or `stop` returns true; return whether it is done."""
    while not future.done():
        if stop():
            return False
        wait([future], POLL_SECONDS)
    return True
