"""Batches are the same for any number of workers, and errors of items are listed."""

import inspect
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import pytest
import small_runs
import torch
from failing_layout import SEVENTH, FailingLayout, batches_of, no_file
from odd_exceptions import PanicException, UnprintableError
from PIL import Image
from small_data import COLOUR, NOISE, checked, equal_batches, read_batches
from torch import Tensor

from translate.batches import Images, Item, Pair
from translate.engine.config.schema import Data
from translate.engine.data import check, loader, order
from translate.engine.data.transform import Augment
from translate.errors import BadImage, ConfigError, TrainingError

ImageFolder = Callable[..., Path]
forking = pytest.mark.filterwarnings(
    "ignore:.*multi-threaded.*fork:DeprecationWarning",  # Python 3.12's
    "ignore:This DataLoader will create [23] worker processes:UserWarning",
)


@forking
def test_batches_are_the_same_for_any_number_of_workers(data_config: Callable[..., Data]) -> None:
    augmentation = (COLOUR | {"to": "source"}, NOISE)
    expected = read_batches(data_config(augment=augmentation))
    assert isinstance(expected[0], Pair)
    assert expected[0].source.shape == (2, 3, 16, 16)
    assert expected[0].source.dtype == torch.uint8
    for workers in (1, 3):
        assert equal_batches(
            expected, read_batches(data_config(augment=augmentation, workers=workers))
        )


def test_a_resumed_run_reads_the_batches_of_an_uninterrupted_one(
    data_config: Callable[..., Data],
) -> None:
    expected = read_batches(data_config())
    assert equal_batches(expected[4:], read_batches(data_config(), start=4))
    assert equal_batches(expected[:4], read_batches(data_config(), stop=4))


def test_processes_split_each_batch(data_config: Callable[..., Data]) -> None:
    batches = read_batches(data_config(), batch_size=5)
    shares = [read_batches(data_config(), batch_size=5, rank=rank, world=2) for rank in (0, 1)]
    for batch, left, right in zip(batches, *shares, strict=True):
        assert (len(left.source), len(right.source)) == (2, 3)
        assert torch.equal(batch.source, torch.cat([left.source, right.source]))


def test_D16_a_data_set_smaller_than_a_batch_repeats(
    data_config: Callable[..., Data], image_folder: ImageFolder
) -> None:
    image_folder("one", 1)
    (batch,) = read_batches(data_config(layout="images", domains=("one",)), batch_size=4, stop=1)
    assert batch.images.shape == (4, 3, 16, 16)


def test_no_global_random_number_is_drawn(data_config: Callable[..., Data]) -> None:
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()
    read_batches(data_config(augment=(COLOUR, NOISE)))
    assert random.getstate() == before[0]
    assert np.random.get_state()[1].tolist() == before[1]
    assert torch.equal(torch.get_rng_state(), before[2])


def test_global_random_numbers_change_no_batch(data_config: Callable[..., Data]) -> None:
    expected = read_batches(data_config(augment=(COLOUR, NOISE)))
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    assert equal_batches(expected, read_batches(data_config(augment=(COLOUR, NOISE))))


@forking
def test_a_process_that_fails_with_workers_running_ends(data_config: Callable[..., Data]) -> None:
    data_config()
    program = """
import sys
from translate.engine.config.schema import Data
from translate.engine.data import check, loader

settings = Data(root=sys.argv[1], domains=("a", "b"), size=16, workers=2)
prepared = check.check_data(check.open_layout(settings), settings)
found = loader.batches(prepared, settings, seed=0, batch_size=2)
next(found)
raise SystemExit(7)
"""
    root = str(data_config().root)
    result = subprocess.run([sys.executable, "-c", program, root], timeout=60, capture_output=True)
    assert (result.returncode, result.stderr) == (7, b"")


@forking
def test_workers_leave_signals_to_the_main_process(data_config: Callable[..., Data]) -> None:
    settings = data_config(workers=2)
    batches = loader.batches(checked(settings), settings, seed=7, batch_size=2, stop=9)
    first_batches = [next(batches)[0], next(batches)[0]]  # one of each worker
    for worker in multiprocessing.active_children():
        os.kill(worker.pid or 0, signal.SIGINT)
        os.kill(worker.pid or 0, signal.SIGTERM)
    first_batches += [batch for batch, _ in batches]
    assert equal_batches(first_batches, read_batches(data_config()))


def failing(
    monkeypatch: pytest.MonkeyPatch, fail: Callable[[], object], at: Callable[[], bool]
) -> None:
    """Let workers `fail` in the second epoch, while `at` returns true."""
    read = order.Items.__getitem__

    def instead(self: order.Items, key: order.Key) -> Any:
        if key[0] == 1 and torch.utils.data.get_worker_info() and at():
            fail()
        return read(self, key)

    monkeypatch.setattr(order.Items, "__getitem__", instead)
    monkeypatch.setattr("translate.engine.data.workers.WORKER_POLL_SECONDS", 0.2)
    monkeypatch.setattr("translate.engine.data.workers.PATIENCE", 0.5)


@pytest.mark.parametrize("hangs", [False, True])
@forking
def test_T11_a_worker_that_dies_or_hangs_is_replaced_with_a_warning(
    hangs: bool, data_config: Callable[..., Data], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = tmp_path / "once"
    settings, before = data_config(workers=2), signal.getsignal(signal.SIGCHLD)
    expected = read_batches(data_config())
    failing(
        monkeypatch,
        lambda: (once.touch(), time.sleep(60) if hangs else os.kill(os.getpid(), signal.SIGKILL)),
        lambda: not once.exists(),
    )
    batches = list(loader.batches(checked(settings), settings, seed=7, batch_size=2, stop=9))
    assert equal_batches([batch for batch, _ in batches], expected)
    (problem,) = [problem for _, problems in batches for problem in problems]
    message = "no image was read for 1 s" if hangs else "a process that reads images has died"
    assert problem.message == f"{message}: all are started again, at the same image"
    assert not multiprocessing.active_children()
    assert signal.getsignal(signal.SIGCHLD) == before


@forking
def test_T11_workers_that_die_again_and_again_stop_training(
    data_config: Callable[..., Data], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, lambda: os._exit(1), lambda: True)
    with pytest.raises(TrainingError, match=r"has died, for the second time\. Fewer"):
        read_batches(data_config(workers=2))
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("workers", [0, 2])
@forking
def test_D3_a_file_that_becomes_unreadable_is_replaced_and_listed_once(
    workers: int, data_config: Callable[..., Data], tmp_path: Path
) -> None:
    settings = data_config(cache=0, layout="images", domains=("a",), workers=workers)
    checked_data = checked(settings)
    bad = tmp_path / "a/train/0002.png"
    bad.write_bytes(b"")
    batches = list(loader.batches(checked_data, settings, seed=7, batch_size=2, stop=20))
    reported = [problem for _, problems in batches for problem in problems]
    assert [(p.path, p.stage, p.message) for p in reported] == [(bad, "training", "an empty file")]
    second = list(loader.batches(checked_data, settings, seed=7, batch_size=2, stop=20))
    assert equal_batches([batch for batch, _ in batches], [batch for batch, _ in second])


def test_real_photographs_are_batched(shared_images: Path) -> None:
    facades = Data(
        root=shared_images / "facades",
        domains=("labels", "photo"),
        layout={"name": "side-by-side", "sides": ["photo", "labels"]},
        split="val",
        size=128,
        channels=3,
    )
    (batch,) = read_batches(facades, batch_size=8, stop=1)
    assert batch.source.shape == batch.target.shape == (8, 3, 128, 128)
    zebras = Data(root=shared_images / "horse2zebra", domains=("A", "B"), split="test", size=64)
    (batch,) = read_batches(zebras, batch_size=8, stop=1)
    assert batch.source.shape == (8, 3, 64, 64)
    assert checked(zebras).layout.spec.size == (64, 64)


RAISED: list[Callable[[], BaseException]] = [
    lambda: KeyError("seventh"),
    lambda: MemoryError(),
    lambda: SystemExit(0),
    lambda: KeyboardInterrupt(),
    lambda: PanicException("seventh"),
    lambda: UnprintableError(),
    lambda: cv2.error("seventh"),
    lambda: RecursionError("seventh"),
    lambda: ConfigError("seventh"),
    lambda: BadImage(Path("seventh"), "is cut"),
]


@pytest.mark.parametrize("workers", [0, 1, 2])
@pytest.mark.parametrize("make", RAISED)
@forking
def test_T23_any_exception_of_a_layout_is_a_listed_item(
    make: Callable[[], BaseException], workers: int, tmp_path: Path
) -> None:
    def fault() -> None:
        raise make()

    batches = batches_of(FailingLayout(tmp_path, fault), workers)
    assert len(batches) == 8
    (problem,) = [problem for _, problems in batches for problem in problems]
    assert problem.path.name in (SEVENTH, "seventh")
    kind = type(make())
    assert problem.reason == ("unreadable" if kind is BadImage else "failed")
    if kind not in (MemoryError, ConfigError, BadImage):
        assert f"FailingLayout.load raised {kind.__name__.rpartition('.')[2]}" in problem.message
        lines, first = inspect.getsourcelines(FailingLayout.load)
        line = first + next(n for n, text in enumerate(lines) if "self.fault()" in text)
        assert f"{inspect.getsourcefile(FailingLayout)}, line {line}" in problem.message
    assert not multiprocessing.active_children()


UNEQUAL: list[tuple[Callable[[], Any], str]] = [
    (lambda: Images(torch.zeros(1, 4, 4, dtype=torch.uint8)), "shapes"),
    (lambda: "no tuple at all", "TypeError|do not go together"),
    (lambda: Images("text"), "do not go together"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(("item", "message"), UNEQUAL)
@forking
def test_T23_items_that_cannot_be_batched_stop_training_with_the_reason(
    item: Callable[[], Any], message: str, workers: int, tmp_path: Path
) -> None:
    before = threading.active_count()
    with pytest.raises(TrainingError, match=message) as error:
        batches_of(FailingLayout(tmp_path, item), workers)
    assert "must return a named tuple of tensors" in str(error.value)
    assert not multiprocessing.active_children()
    for _ in range(100):  # threads of queues end a moment later
        if threading.active_count() > before:
            time.sleep(0.05)
    assert threading.active_count() == before


@forking
def test_T23_an_item_that_cannot_be_pickled_does_not_hang(tmp_path: Path) -> None:
    class Local(NamedTuple):
        images: Tensor

    class All(FailingLayout):
        def load(self, item: Item, transform: Any) -> Any:  # noqa: ARG002
            return Local(torch.zeros(1, 8, 8, dtype=torch.uint8))

    with pytest.raises(TrainingError, match="not defined at the top of its module"):
        batches_of(All(tmp_path, lambda: None), 1)
    assert len(batches_of(All(tmp_path, lambda: None), 0)) == 8


@pytest.mark.parametrize("workers", [0, 1])
@forking
def test_T23_a_layout_that_always_raises_stops_training_with_the_first_error(
    workers: int, tmp_path: Path
) -> None:
    class Always(FailingLayout):
        def pick(self, index: int, random: Any) -> Item:  # noqa: ARG002
            raise LookupError(f"{index}")

    with pytest.raises(TrainingError, match=r"100 items in a row .*Always.pick raised LookupError"):
        batches_of(Always(tmp_path, lambda: None), workers)
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("workers", [0, 2])
@forking
def test_T23_a_run_that_cannot_read_on_ends_with_a_checkpoint_and_exit_code_5(
    workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        (tmp_path / name / "train").mkdir(parents=True)
        for n in range(4):
            Image.new("RGB", (20, 20), (n, 0, 0)).save(tmp_path / name / f"train/{n}.png")
    config = small_runs.config(tmp_path, data__workers=workers, data__cache=0, train__steps=50)

    def fail(*_: object, **__: object) -> None:
        raise AttributeError("a decoder of tomorrow")

    monkeypatch.setattr("translate.engine.data.cache.Cache.read", fail)
    with pytest.raises(TrainingError, match="a decoder of tomorrow") as error:
        small_runs.train(config, tmp_path / "run")
    assert error.value.exit_code == 5
    assert "please report it" in str(error.value)
    assert small_runs.checkpoint_steps(tmp_path / "run") == [0]
    assert '"outcome": "failed"' in (tmp_path / "run/run.json").read_text()
    assert not multiprocessing.active_children()
    assert not (tmp_path / "run/problems.jsonl").exists()


def test_T24_too_little_shared_memory_is_reported_with_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "SHARED_MEMORY", tmp_path)
    usage = type("Usage", (), {"free": 64 * 9 * 7})
    monkeypatch.setattr("translate.engine.data.loader.shutil.disk_usage", lambda _: usage)
    layout = FailingLayout(tmp_path, lambda: None)

    def remark(workers: int, batch_size: int = 9) -> str:
        settings = Data(domains=("a",), size=8, workers=workers)
        checked_data = check.CheckedData(layout, Augment(settings, layout.spec, no_file), [], [])
        return loader.shared_memory_warning(checked_data, settings, seed=1, batch_size=batch_size)

    assert remark(0, 10**6) == ""
    assert remark(3) == ""
    message = remark(4)
    assert "data.workers: 4 workers with batches of" in message
    assert "Set data.workers=3, or give a container more: docker run --shm-size=2g" in message
    assert "Set data.workers=0" in remark(1, 100)
