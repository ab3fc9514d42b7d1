"""Batches that are read while the one before is trained on: by a thread, or by worker processes.

Where one of the processes dies or hangs, all are started anew, once.
"""

import atexit
import signal
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing import active_children
from threading import current_thread, main_thread
from typing import Any
from weakref import WeakSet

from torch.utils.data import DataLoader

from translate.engine.signals import leave_to_main
from translate.errors import TrainingError

PATIENCE = 600.0
"""seconds without a batch after which a worker counts as hung"""
LOOK = 5.0
"""seconds between two looks at whether all workers live"""


class WorkerError(Exception):
    """A worker that died or hangs."""


def by_thread(batches: Iterable[Any]) -> Generator[Any]:
    """Yield `batches`, the next of which is read meanwhile."""
    reading = iter(batches)
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, reading, None)
        while (batch := coming.result()) is not None:
            coming = thread.submit(next, reading, None)
            yield batch


def by_processes(
    loader: Callable[[int], DataLoader], told: Callable[[str], object]
) -> Generator[Any]:
    """Yield what ``loader(0)`` yields; where workers fail, go on with ``loader(yielded so far)``.

    The first failure is `told`, the second raises `TrainingError`.
    """
    done, failed = 0, False
    while True:
        try:
            with closing(_watched(loader(done))) as running:
                _running.add(running)
                for batch in running:
                    yield batch
                    done += 1
            return
        except WorkerError as error:
            if failed:
                raise TrainingError(
                    f"{error}, for the second time. Fewer data.workers need less memory, also "
                    "shared memory: see `translate doctor`."
                ) from error
            failed = True
            told(f"{error}: all are started again, at the same image")


def _watched(loader: DataLoader) -> Generator[Any]:
    """Yield batches; raises `WorkerError`, and leaves no worker behind."""
    before, handler = set(active_children()), signal.getsignal(signal.SIGCHLD)
    batches = iter(loader)
    workers = set(active_children()) - before
    if current_thread() is main_thread():
        signal.signal(
            signal.SIGCHLD, handler or signal.SIG_DFL
        )  # PyTorch's would raise in the middle of a step
    try:
        while (batch := _next(batches, loader.timeout)) is not None:
            yield batch
    except WorkerError:
        for worker in workers:
            worker.kill()  # of all signals the only one that a hung one heeds
        raise


def _next(batches: Iterator[Any], look: float) -> Any:
    """Return the next batch, or None after the last."""
    waited = 0.0
    while True:
        try:
            return next(batches, None)
        except RuntimeError as error:
            if "exited unexpectedly" in str(error):
                raise WorkerError("a process that reads images has died") from error
            if "timed out after" not in str(error):
                raise
            waited += look
            if waited >= PATIENCE:
                raise WorkerError(f"no image was read for {waited:.0f} s") from error


def begin(worker: int) -> None:  # noqa: ARG001
    """Start as a worker."""
    leave_to_main()


_running: WeakSet[Generator] = WeakSet()


@atexit.register
def _end() -> None:
    """Stop workers before Python would, for ever: by a signal that they leave alone."""
    for running in list(_running):
        running.close()
