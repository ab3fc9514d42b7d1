"""Worker processes that die or hang are restarted without another batch, or stop training."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from forking_marks import forking
from small_data import checked_data, equal_batches, read_batches

from translate.engine.config.schema import Data
from translate.engine.loading import loader, order
from translate.errors import TrainingError

EXIT_WITH_WORKERS = """
import sys
from translate.engine.config.schema import Data
from translate.engine.data import check
from translate.engine.loading import loader

settings = Data(root=sys.argv[1], domains=("a", "b"), size=16, workers=2)
data = check.check_data(check.open_layout(settings), settings)
batches = loader.batches(data, settings, seed=0, batch_size=2)
next(batches)
raise SystemExit(7)
"""


@forking
def test_a_process_that_fails_while_its_workers_run_ends(data_config: Callable[..., Data]) -> None:
    command = [sys.executable, "-c", EXIT_WITH_WORKERS, str(data_config().root)]
    result = subprocess.run(command, timeout=60, capture_output=True)
    assert (result.returncode, result.stderr) == (7, b"")


@forking
def test_workers_leave_signals_to_the_main_process(data_config: Callable[..., Data]) -> None:
    settings = data_config(workers=2)
    batches = loader.batches(checked_data(settings), settings, seed=7, batch_size=2, steps=range(9))
    result = [next(batches)[0], next(batches)[0]]  # one of each worker
    for worker in multiprocessing.active_children():
        os.kill(worker.pid or 0, signal.SIGINT)
        os.kill(worker.pid or 0, signal.SIGTERM)
    result += [batch for batch, _ in batches]
    assert equal_batches(result, read_batches(data_config()))


def make_workers_fail(monkeypatch: pytest.MonkeyPatch, fail: Callable[[], object]) -> None:
    """Let workers call `fail` for each item of the second epoch."""
    read = order.Items.__getitem__

    def read_or_fail(self: order.Items, key: order.Key) -> Any:
        if key[0] == 1 and torch.utils.data.get_worker_info():
            fail()
        return read(self, key)

    monkeypatch.setattr(order.Items, "__getitem__", read_or_fail)
    monkeypatch.setattr("translate.engine.loading.workers.WORKER_POLL_SECONDS", 0.2)


@pytest.mark.parametrize("hangs", [False, True])
@forking
def test_T11_a_worker_that_dies_or_hangs_is_replaced_with_a_warning(
    hangs: bool, data_config: Callable[..., Data], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_once() -> None:
        if not (tmp_path / "has failed").exists():
            (tmp_path / "has failed").touch()
            time.sleep(60) if hangs else os.kill(os.getpid(), signal.SIGKILL)

    settings, handler = data_config(workers=2), signal.getsignal(signal.SIGCHLD)
    expected, data = read_batches(data_config()), checked_data(settings)
    make_workers_fail(monkeypatch, fail_once)
    if hangs:
        monkeypatch.setattr("translate.engine.loading.workers.HANG_SECONDS", 0.5)
    batches = list(loader.batches(data, settings, seed=7, batch_size=2, steps=range(9)))
    assert equal_batches([batch for batch, _ in batches], expected)
    (problem,) = [problem for _, problems in batches for problem in problems]
    message = "no image was read for 1 s" if hangs else "a process that reads images has died"
    assert problem.message == f"{message}: all are started again, at the same image"
    assert not multiprocessing.active_children()
    assert signal.getsignal(signal.SIGCHLD) == handler


@forking
def test_T11_workers_that_die_twice_stop_training(
    data_config: Callable[..., Data], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_workers_fail(monkeypatch, lambda: os._exit(1))
    with pytest.raises(TrainingError, match=r"has died, for the second time\. Fewer"):
        read_batches(data_config(workers=2))
    assert not multiprocessing.active_children()
