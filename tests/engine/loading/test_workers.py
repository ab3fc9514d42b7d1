"""Batches are read ahead, and errors of a thread or worker stop training with the reason.

Workers that die or hang are tested in test_worker_failures.py.
"""

import multiprocessing
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from odd_exceptions import PanicException, UnprintableError
from torch.utils.data import DataLoader

from translate.engine.loading import workers
from translate.engine.loading.workers import StoppedWaitingError, by_processes, by_thread
from translate.errors import TrainingError


def test_one_batch_is_read_ahead() -> None:
    events = [threading.Event() for _ in range(3)]

    def batches() -> Iterator[int]:
        for number, event in enumerate(events):
            event.set()
            yield number

    reader = by_thread(batches())
    assert next(reader) == 0
    assert events[1].wait(timeout=5)
    assert not events[2].wait(timeout=0.05), "no more than one"
    assert list(reader) == [1, 2]


def test_an_unreadable_batch_is_an_error_after_the_batches_before_it() -> None:
    def batches() -> Iterator[int]:
        yield 0
        raise OSError("gone")

    reader = by_thread(batches())
    assert next(reader) == 0
    with pytest.raises(TrainingError, match="gone"):
        next(reader)


def test_no_thread_is_left_when_reading_ends_early() -> None:
    before = threading.active_count()
    reader = by_thread(iter(range(9)))
    assert next(reader) == 0
    reader.close()
    assert threading.active_count() == before


@pytest.mark.parametrize("error", [ConnectionResetError(104, "reset"), EOFError()])
def test_T11_a_worker_that_dies_while_it_sends_a_batch_has_died(error: Exception) -> None:
    def batches() -> Iterator[Any]:
        raise error
        yield

    with pytest.raises(workers.WorkerError, match="has died"):
        workers._next_batch(batches(), 1.0, workers.never_stop)


def test_P10_a_stop_request_ends_the_wait_for_a_batch() -> None:
    end, stop_requested = threading.Event(), threading.Event()

    def batches() -> Iterator[int]:
        yield 0
        end.wait(60)

    reader = by_thread(batches(), stop_requested.is_set)
    assert next(reader) == 0
    stop_requested.set()
    with pytest.raises(StoppedWaitingError):
        next(reader)
    end.set()


class Unpicklable:
    """A batch that cannot be pickled: `error` is raised."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __reduce__(self) -> Any:
        raise self.error


@pytest.mark.parametrize(
    ("error", "message", "starts"),
    [
        (OSError(24, "Too many open files"), "too many files are open.*ulimit -n 4096", 1),
        pytest.param(
            *(TypeError("not to be pickled"), "has died, for the second time", 2),
            marks=pytest.mark.slow,
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_T23_a_batch_that_cannot_be_pickled_does_not_hang(
    error: Exception, message: str, starts: int, capfd: pytest.CaptureFixture[str]
) -> None:
    calls: list[int] = []

    def loader(done: int) -> Any:
        calls.append(done)
        return DataLoader(
            [Unpicklable(error)], batch_size=None, num_workers=1, timeout=1,
            worker_init_fn=workers.initialize_worker,
        )  # fmt: skip

    with pytest.raises(TrainingError, match=message):
        next(by_processes(loader, [].append))
    assert len(calls) == starts
    assert not multiprocessing.active_children()
    assert capfd.readouterr().err == ""


class FailingLoader:
    """A loader that raises instead of the first batch."""

    timeout = 5.0

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __iter__(self) -> Iterator[Any]:
        raise self.error
        yield


def test_T29_spawned_workers_that_rerun_the_script_are_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(multiprocessing, "get_start_method", lambda: "spawn")
    script = SimpleNamespace(__file__="script.py", __package__=None)
    monkeypatch.setitem(workers.sys.modules, "__main__", script)
    loader: Any = FailingLoader(RuntimeError("DataLoader worker (pid(s) 7) exited unexpectedly"))
    with pytest.raises(TrainingError, match=r'if __name__ == "__main__":.* data.workers=0'):
        next(by_processes(lambda _: loader, [].append))
    module = SimpleNamespace(__file__="x", __package__="translate")
    monkeypatch.setitem(workers.sys.modules, "__main__", module)
    with pytest.raises(TrainingError, match="for the second time"):
        next(by_processes(lambda _: loader, [].append))


def test_T29_a_spawned_process_that_reruns_the_script_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workers.refuse_in_worker()
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    with pytest.raises(SystemExit) as end:
        workers.refuse_in_worker()
    assert end.value.code == 1


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RuntimeError("unable to allocate shared memory(shm) for file"), "--shm-size=2g"),
        (RuntimeError("received 0 items of ancdata"), "ulimit -n 4096"),
        (OSError(24, "Too many open files"), "ulimit -n 4096"),
        (OSError(11, "Resource temporarily unavailable"), "Set data.workers lower"),
        (KeyError("x"), "please report it"),
        (SystemExit(0), "please report it"),
        (PanicException("x"), "please report it"),
        (UnprintableError(), "please report it"),
    ],
)
@pytest.mark.parametrize("by", ["thread", "processes"])
def test_T23_any_error_while_reading_names_the_setting(
    error: BaseException, message: str, by: str
) -> None:
    loader: Any = FailingLoader(error)
    reader = by_thread(loader) if by == "thread" else by_processes(lambda _: loader, [].append)
    with pytest.raises(TrainingError) as raised_error:
        next(reader)
    assert message in str(raised_error.value)
    assert raised_error.value.exit_code == 5
