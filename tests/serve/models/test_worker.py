"""The process of a model: how it starts, is stopped, and is replaced."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import small_checkpoints

from translate.errors import TranslateError
from translate.serve.models.worker import Worker
from translate.serve.requests.limits import Limits, RequestError


def test_a_request_that_has_waited_for_too_long_is_refused() -> None:
    worker = Worker("mine", "runs/mine", device="cpu", limits=Limits(work_seconds=-1))
    with pytest.raises(RequestError, match="busy for too long") as caught:
        worker.call("translate", {}, b"").result()
    assert (caught.value.status, caught.value.retry_after) == (503, 5)
    assert worker.process is None and not worker.is_ready


@pytest.mark.slow
def test_a_run_that_is_missing_is_an_error(tmp_path: Path) -> None:
    worker = Worker("mine", str(tmp_path / "none"), device="cpu", limits=Limits())
    with pytest.raises(TranslateError, match="none"):
        worker.start().result()
    worker.close()
    assert not worker.process.is_alive()


@pytest.mark.slow
def test_a_process_that_hangs_or_dies_is_replaced_by_one_with_the_same_checkpoint(
    tmp_path: Path,
) -> None:
    run = small_checkpoints.cyclegan(tmp_path / "run")
    limits = Limits(work_seconds=0.5)
    worker = Worker("mine", str(run), device="cpu", limits=limits)
    try:
        worker.start().result()
        small_checkpoints.cyclegan(run, step=2)  # a training that continues writes its next one
        os.kill(worker.process.pid, signal.SIGSTOP)
        with pytest.raises(RequestError, match=r"stopped after 0\.5 seconds") as caught:
            worker.call("translate", {}, b"not an image", None).result()
        assert caught.value.status == 504
        worker.limits = replace(limits, work_seconds=60)
        with pytest.raises(RequestError, match="no image of a known format"):
            worker.call("translate", {}, b"not an image", None).result()
        assert worker.restarts == 1 and worker.is_ready and worker.description["step"] == 1
        worker.process.kill()
        worker.process.join()
        assert not worker.is_ready
        with pytest.raises(RequestError, match="no image of a known format"):
            worker.call("translate", {}, b"not an image", None).result()
        assert worker.restarts == 2, "no request is lost if the process ends between requests"
    finally:
        worker.close()
    assert not worker.process.is_alive() and not worker.is_ready
