"""Batches that are read while the one before is trained on: by a thread, or by worker processes.

Where one of the processes dies or hangs, all are started again, once. Whatever a thread or process
raises becomes a `TrainingError`, and none of them outlives the reading.
"""

import atexit
import errno
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, wait
from contextlib import closing, suppress
from functools import partial
from multiprocessing import active_children
from multiprocessing.queues import Queue
from threading import current_thread, main_thread
from typing import Any
from weakref import WeakSet

from torch.utils.data import DataLoader

from translate.engine.plugins.errors import describe_unexpected
from translate.engine.processes.pool import DaemonThreadPool
from translate.engine.processes.signals import ignore_signals_in_worker, reraise_interruption
from translate.errors import BadImage, TrainingError, TranslateError, message_of

PATIENCE = 600.0
"""seconds without a batch after which a worker counts as hung"""
LOOK = 5.0
"""seconds between two looks at whether all workers live"""
GLANCE = 0.5
"""seconds between two looks at whether to stop waiting for a thread"""
END = 2.0
"""seconds that workers which are told to end may take before they are killed"""
SHARED_MEMORY = ("shared memory", "shm", "Bus error", "No space left on device")
OPEN_FILES = ("Too many open files", "ancdata", "Too many open")
FILES_CODE = 24
"""exit code of a worker that may open no more files"""
GUARD = 'if __name__ == "__main__":'


class WorkerError(Exception):
    """A worker that died or hangs."""


class StoppedWaitingError(TrainingError):
    """A signal asked to stop while a batch was waited for."""


def never() -> bool:
    """Return False: nothing asks to stop."""
    return False


def by_thread(
    batches: Iterable[Any], asked_to_stop: Callable[[], object] = never
) -> Generator[Any]:
    """Yield `batches`, the next of which is read meanwhile; raises `TrainingError`.

    Where `asked_to_stop` holds, a batch that is not there is not waited for.
    """
    reading = iter(batches)
    with DaemonThreadPool(1) as thread:
        coming = thread.submit(next, reading, None)
        while (batch := _result(partial(_taken, coming, asked_to_stop))) is not None:
            coming = thread.submit(next, reading, None)
            yield batch


def _taken(coming: Future[Any], asked_to_stop: Callable[[], object]) -> Any:
    while not coming.done():
        wait([coming], GLANCE)
        if asked_to_stop() and not coming.done():
            raise StoppedWaitingError("stopped while waiting for images")
    return coming.result()


def by_processes(
    loader: Callable[[int], DataLoader],
    told: Callable[[str], object],
    asked_to_stop: Callable[[], object] = never,
) -> Generator[Any]:
    """Yield what ``loader(0)`` yields; where workers fail, go on with ``loader(yielded so far)``.

    The first failure is `told`, the second raises `TrainingError`, as does any other exception.
    Where `asked_to_stop` holds, workers that do not deliver are not waited for.
    """
    done, failed = 0, False
    while True:
        running = _watched(loader(done), asked_to_stop)
        try:
            with closing(running):
                _running.add(running)
                for batch in running:
                    yield batch
                    done += 1
            return
        except WorkerError as error:
            if not done and (advice := _guard_is_missing()):
                raise TrainingError(f"{error} before its first image. {advice}") from error
            if failed:
                raise TrainingError(
                    f"{error}, for the second time. Fewer data.workers need less memory, also "
                    "shared memory: see `translate doctor`."
                ) from error
            failed = True
            told(f"{error}: all are started again, at the same image")


def refuse_in_worker() -> None:
    """End a spawned process that runs the script again instead of reading images.

    Where processes are spawned, each imports the script that started it. Without a guard the script
    would train in every one of them; the first process says so.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        sys.exit(1)


def _watched(loader: DataLoader, asked_to_stop: Callable[[], object]) -> Generator[Any]:
    """Yield batches; raises `WorkerError`, and leaves no worker behind, however it ends."""
    before, child = set(active_children()), getattr(signal, "SIGCHLD", None)
    handler = signal.getsignal(child) if child else None
    finished, workers = False, before
    batches: Any = None
    try:
        batches = _result(lambda: iter(loader))
        workers = set(active_children()) - before
        if child and current_thread() is main_thread():
            signal.signal(child, handler or signal.SIG_DFL)
            # PyTorch's would raise in the middle of a step
        while (batch := _next(batches, loader.timeout, asked_to_stop)) is not None:
            yield batch
        finished = True
    except WorkerError as error:
        if any(worker.exitcode == FILES_CODE for worker in workers):
            raise _failure(OSError(errno.EMFILE, os.strerror(errno.EMFILE))) from error
        raise
    finally:
        left = (set(active_children()) - before) if workers is before else workers
        for worker in left:
            if not finished:
                worker.kill()  # of all signals the only one that a hung one heeds
        with suppress(Exception):  # of a loader that is broken anyway: its threads end, too
            batches._shutdown_workers()
        for worker in left:
            worker.join(END)
            worker.kill()


def _next(batches: Iterator[Any], look: float, asked_to_stop: Callable[[], object]) -> Any:
    """Return the next batch, or None after the last."""
    waited = 0.0
    while True:
        try:
            return next(batches, None)
        except BaseException as error:
            reraise_interruption(error)
            if "exited unexpectedly" in message_of(error) or "killed by signal" in message_of(
                error
            ):
                raise WorkerError("a process that reads images has died") from error
            if "timed out after" not in message_of(error):
                raise _failure(error) from error
            if asked_to_stop():
                raise StoppedWaitingError("stopped while waiting for images") from error
            waited += look
            if waited >= PATIENCE:
                raise WorkerError(f"no image was read for {waited:.0f} s") from error


def _result(call: Callable[[], Any]) -> Any:
    """Return what `call` returns; raises `TrainingError` for whatever it raises."""
    try:
        return call()
    except (TranslateError, BadImage):
        raise
    except BaseException as error:
        reraise_interruption(error)
        raise _failure(error) from error


def _failure(error: BaseException) -> TrainingError:
    """Return what to say of an exception that a thread or a process has met, with what to set."""
    text = message_of(error)
    last = next((line for line in reversed(text.splitlines()) if line.strip()), "")
    if any(phrase in text for phrase in SHARED_MEMORY):
        return TrainingError(
            f"the workers have too little shared memory, /dev/shm: {last}. Set data.workers lower, "
            "or to 0; or give a container more: docker run --shm-size=2g"
        )
    if any(phrase in text for phrase in OPEN_FILES):
        return TrainingError(
            f"too many files are open: {last}. Set data.workers lower, or type: ulimit -n 4096"
        )
    if isinstance(error, OSError) and multiprocessing.current_process().name == "MainProcess":
        return TrainingError(
            f"images could not be read ahead: {error.strerror or last}. Set data.workers lower."
        )
    return TrainingError(f"reading images has failed: {describe_unexpected(error)}")


def _guard_is_missing() -> str:
    """Return what to say where spawned processes may have run the user's script again."""
    main = sys.modules["__main__"]
    script = getattr(main, "__file__", None)
    ours = str(getattr(main, "__package__", "") or "").split(".")[0] == "translate"
    if multiprocessing.get_start_method() == "fork" or script is None or ours:
        return ""
    return (
        "On macOS and Windows each worker imports the script that trains: put what it runs under "
        f"`{GUARD}`, or set data.workers=0."
    )


def begin(worker: int) -> None:  # noqa: ARG001
    """Start as a worker, which ends where it cannot hand over a batch.

    Python would drop the batch, print a traceback, and have the first process wait for ever.
    """
    ignore_signals_in_worker()
    Queue._on_queue_feeder_error = staticmethod(  # type: ignore[attr-defined]
        lambda error, _batch: os._exit(_exit_code(error))
    )
    sys.excepthook = lambda _kind, error, _trace: os._exit(_exit_code(error))  # of those threads


def _exit_code(error: BaseException) -> int:
    files = isinstance(error, OSError) and error.errno == errno.EMFILE
    return FILES_CODE if files or any(p in message_of(error) for p in OPEN_FILES) else 1


_running: WeakSet[Generator] = WeakSet()


@atexit.register
def _end() -> None:
    """Stop workers before Python would, for ever: by a signal that they leave alone."""
    for running in list(_running):
        running.close()
