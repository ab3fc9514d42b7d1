"""Read batches ahead during training steps, in a thread or in worker processes.

If a worker process dies or hangs, all workers are restarted, once. An exception in a thread or
process becomes a `TrainingError`, and all threads and processes end with the generator.
"""

import atexit
import errno
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Generator, Iterable
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

HANG_SECONDS = 600.0
"""seconds without a batch after which a worker counts as hung"""
WORKER_POLL_SECONDS = 5.0
"""interval at which the main process checks that all workers are alive"""
THREAD_POLL_SECONDS = 0.5
"""interval at which the main process checks for a stop request, while it waits for a thread"""
EXIT_SECONDS = 2.0
"""time for workers to end before they are killed"""
DEATH_PHRASES = ("exited unexpectedly", "killed by signal")
"""texts in errors of a worker process that has died"""
SHARED_MEMORY_PHRASES = ("shared memory", "shm", "Bus error", "No space left on device")
"""texts in errors of a full /dev/shm"""
OPEN_FILES_PHRASES = ("ancdata", "Too many open")
"""texts in errors of a process that has reached the limit of open files"""
OPEN_FILES_CODE = 24
"""exit code of a worker that has reached the limit of open files"""
MAIN_GUARD = 'if __name__ == "__main__":'


class WorkerError(Exception):
    """A worker process has died, or hangs."""


class StoppedWaitingError(TrainingError):
    """A signal requested a stop while the next batch was not ready."""


def never_stop() -> bool:
    """Return False: no stop is requested."""
    return False


def by_thread(
    batches: Iterable[Any], stop_requested: Callable[[], object] = never_stop
) -> Generator[Any]:
    """Yield `batches`, while a thread reads the next one.

    Raises `TrainingError` for an exception in the thread, and `StoppedWaitingError` if
    `stop_requested` returns true and the next batch is not ready.
    """
    iterator = iter(batches)
    with DaemonThreadPool(1) as thread:
        future = thread.submit(next, iterator, None)
        while (batch := _call_and_explain(partial(_wait_for, future, stop_requested))) is not None:
            future = thread.submit(next, iterator, None)
            yield batch


def _wait_for(future: Future[Any], stop_requested: Callable[[], object]) -> Any:
    while not future.done():
        wait([future], THREAD_POLL_SECONDS)
        if stop_requested() and not future.done():
            raise StoppedWaitingError("stopped while waiting for images")
    return future.result()


def by_processes(
    loader: Callable[[int], DataLoader],
    report: Callable[[str], object],
    stop_requested: Callable[[], object] = never_stop,
) -> Generator[Any]:
    """Yield the batches of ``loader(0)``, read by worker processes.

    If a worker dies or hangs, `report` gets a message, and ``loader(number of batches so far)``
    continues. The second time, `TrainingError` is raised, as for an exception in a worker.
    `StoppedWaitingError` is raised as by `by_thread`.
    """
    done, has_failed = 0, False
    while True:
        running = _watch_workers(loader(done), stop_requested)
        try:
            with closing(running):
                _running_loaders.add(running)
                for batch in running:
                    yield batch
                    done += 1
            return
        except WorkerError as error:
            if not done and (advice := _missing_guard_advice()):
                raise TrainingError(f"{error} before its first image. {advice}") from error
            if has_failed:
                raise TrainingError(
                    f"{error}, for the second time. Fewer data.workers need less memory, also "
                    "shared memory: see `translate doctor`."
                ) from error
            has_failed = True
            report(f"{error}: all are started again, at the same image")


def refuse_in_worker() -> None:
    """End a spawned worker process that runs the user's script again.

    A spawned process imports the script that started it. Without a main guard the script would
    train in each worker; the main process then prints what to change.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        sys.exit(1)


def _watch_workers(loader: DataLoader, stop_requested: Callable[[], object]) -> Generator[Any]:
    """Yield batches; raises `WorkerError`. All workers are ended with the generator."""
    children_before, sigchld = set(active_children()), getattr(signal, "SIGCHLD", None)
    handler = signal.getsignal(sigchld) if sigchld else None
    is_finished, workers = False, None
    batches: Any = None
    try:
        batches = _call_and_explain(lambda: iter(loader))
        workers = set(active_children()) - children_before
        if sigchld and current_thread() is main_thread():
            # PyTorch's handler would raise in the middle of a step
            signal.signal(sigchld, handler or signal.SIG_DFL)
        while (batch := _next_batch(batches, loader.timeout, stop_requested)) is not None:
            yield batch
        is_finished = True
    except WorkerError as error:
        if any(worker.exitcode == OPEN_FILES_CODE for worker in workers or ()):
            raise _failure(OSError(errno.EMFILE, os.strerror(errno.EMFILE))) from error
        raise
    finally:
        if workers is None:
            workers = set(active_children()) - children_before
        for worker in workers:
            if not is_finished:
                worker.kill()  # a hung worker ignores other signals
        with suppress(Exception):  # the loader may be broken; this ends its threads
            batches._shutdown_workers()
        for worker in workers:
            worker.join(EXIT_SECONDS)
            worker.kill()


def _next_batch(batches: Any, poll_seconds: float, stop_requested: Callable[[], object]) -> Any:
    """Return the next batch, or None after the last one."""
    waited = 0.0
    while True:
        try:
            return next(batches, None)
        except BaseException as error:
            reraise_interruption(error)
            has_died = any(phrase in message_of(error) for phrase in DEATH_PHRASES)
            if has_died or isinstance(error, (ConnectionError, EOFError)):  # while it sent a batch
                raise WorkerError("a process that reads images has died") from error
            if "timed out after" not in message_of(error):
                raise _failure(error) from error
            if stop_requested():
                raise StoppedWaitingError("stopped while waiting for images") from error
            waited += poll_seconds
            if waited >= HANG_SECONDS:
                raise WorkerError(f"no image was read for {waited:.0f} s") from error


def _call_and_explain(call: Callable[[], Any]) -> Any:
    """Return the result of `call`; raises `TrainingError` for any exception but those of ours."""
    try:
        return call()
    except (TranslateError, BadImage):
        raise
    except BaseException as error:
        reraise_interruption(error)
        raise _failure(error) from error


def _failure(error: BaseException) -> TrainingError:
    """Return an error with the setting to change, for an exception in a thread or process."""
    text = message_of(error)
    last_line = next((line for line in reversed(text.splitlines()) if line.strip()), "")
    if any(phrase in text for phrase in SHARED_MEMORY_PHRASES):
        return TrainingError(
            f"the workers have too little shared memory, /dev/shm: {last_line}. Set data.workers "
            "lower, or to 0; or give a container more: docker run --shm-size=2g"
        )
    if any(phrase in text for phrase in OPEN_FILES_PHRASES):
        return TrainingError(
            f"too many files are open: {last_line}. Set data.workers lower, or type: ulimit -n 4096"
        )
    if isinstance(error, OSError) and multiprocessing.current_process().name == "MainProcess":
        reason = error.strerror or last_line
        return TrainingError(f"images could not be read ahead: {reason}. Set data.workers lower.")
    return TrainingError(f"reading images has failed: {describe_unexpected(error)}")


def _missing_guard_advice() -> str:
    """Return advice if spawned workers may have run the user's script again, else ""."""
    main = sys.modules["__main__"]
    script = getattr(main, "__file__", None)
    is_ours = str(getattr(main, "__package__", "") or "").split(".")[0] == "translate"
    if multiprocessing.get_start_method() == "fork" or script is None or is_ours:
        return ""
    return (
        "On macOS and Windows each worker imports the script that trains: put what it runs under "
        f"`{MAIN_GUARD}`, or set data.workers=0."
    )


def initialize_worker(worker: int) -> None:  # noqa: ARG001
    """Make a worker process exit if it cannot send a batch.

    Otherwise Python drops the batch and prints a traceback, and the main process waits forever.
    """
    ignore_signals_in_worker()
    Queue._on_queue_feeder_error = staticmethod(  # type: ignore[attr-defined]
        lambda error, _batch: os._exit(_exit_code(error))
    )
    # for the threads of the queue
    sys.excepthook = lambda _kind, error, _trace: os._exit(_exit_code(error))


def _exit_code(error: BaseException) -> int:
    too_many_files = isinstance(error, OSError) and error.errno == errno.EMFILE
    too_many_files |= any(phrase in message_of(error) for phrase in OPEN_FILES_PHRASES)
    return OPEN_FILES_CODE if too_many_files else 1


_running_loaders: WeakSet[Generator] = WeakSet()


@atexit.register
def _end_workers() -> None:
    """End workers at exit; Python would send them SIGTERM, which they ignore, and wait forever."""
    for running in list(_running_loaders):
        running.close()
