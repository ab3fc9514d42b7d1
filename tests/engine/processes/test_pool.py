"""The thread pool returns results in order, and never delays the end of a process or block."""

import threading
import time

import pytest

from translate.engine.processes.pool import DaemonThreadPool


def test_results_and_exceptions_come_back_in_order() -> None:
    with DaemonThreadPool(2) as pool:
        assert list(pool.map(lambda n: n * n, range(20))) == [n * n for n in range(20)]
        for error in (KeyError("x"), SystemExit(0)):

            def fail(error: BaseException = error) -> None:
                raise error

            with pytest.raises(type(error)):
                pool.submit(fail).result()
        assert pool.submit(lambda: 3).result() == 3


def test_no_thread_is_left_after_the_block() -> None:
    before = threading.active_count()
    with DaemonThreadPool(3) as pool:
        list(pool.map(str, range(9)))
    assert threading.active_count() == before
    with pytest.raises(RuntimeError, match="closed"):
        pool.submit(str)


def test_T23_an_exception_in_the_block_does_not_wait_for_long_tasks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("translate.engine.processes.pool.SHUTDOWN_SECONDS", 0.05)
    end, started, done = threading.Event(), threading.Event(), []

    def slow() -> None:
        started.set()
        end.wait(30)

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt), DaemonThreadPool(1) as pool:
        pool.submit(slow)
        pool.submit(done.append, 1)
        started.wait(10)
        raise KeyboardInterrupt
    assert time.monotonic() - start < 10
    assert not done
    assert all(t.daemon for t in threading.enumerate() if t is not threading.main_thread())
    end.set()


def test_the_block_of_an_abandoned_pool_ends_at_once() -> None:
    end, start = threading.Event(), time.monotonic()
    with DaemonThreadPool(1) as pool:
        pool.submit(end.wait, 30)
        pool.abandon()
    assert time.monotonic() - start < 10
    end.set()
