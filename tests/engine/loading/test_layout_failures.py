"""An exception of a layout is listed as a problem, or stops training with the reason."""

import inspect
import multiprocessing
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import pytest
import small_runs
import torch
from failing_layout import FAILING_FILE, FailingLayout, batches_of
from forking_marks import forking
from odd_exceptions import PanicException, UnprintableError
from torch import Tensor

from translate.batches import Images, Item
from translate.errors import BadImage, ConfigError, TrainingError

CREATE_ERROR: list[Callable[[], BaseException]] = [
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
@pytest.mark.parametrize("create_error", CREATE_ERROR)
@forking
def test_T23_an_item_for_which_a_layout_raises_anything_is_listed_and_replaced(
    create_error: Callable[[], BaseException], workers: int, tmp_path: Path
) -> None:
    def fail() -> None:
        raise create_error()

    batches = batches_of(FailingLayout(tmp_path, fail), workers)
    assert len(batches) == 8
    (problem,) = [problem for _, problems in batches for problem in problems]
    assert problem.path.name in (FAILING_FILE, "seventh")
    kind = type(create_error())
    assert problem.reason == ("unreadable" if kind is BadImage else "failed")
    if kind not in (MemoryError, ConfigError, BadImage):
        assert f"FailingLayout.load raised {kind.__name__.rpartition('.')[2]}" in problem.message
        lines, first = inspect.getsourcelines(FailingLayout.load)
        line = first + next(n for n, text in enumerate(lines) if "self.fault()" in text)
        assert f"{inspect.getsourcefile(FailingLayout)}, line {line}" in problem.message
    assert not multiprocessing.active_children()


UNBATCHABLE: list[tuple[Callable[[], Any], str]] = [
    (lambda: Images(torch.zeros(1, 4, 4, dtype=torch.uint8)), "shapes"),
    (lambda: "no tuple at all", "TypeError|cannot be collated"),
    (lambda: Images("text"), "cannot be collated"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(("create_item", "message"), UNBATCHABLE)
@forking
def test_T23_items_that_cannot_be_batched_stop_training_with_the_reason(
    create_item: Callable[[], Any], message: str, workers: int, tmp_path: Path
) -> None:
    before = threading.active_count()
    with pytest.raises(TrainingError, match=message) as error:
        batches_of(FailingLayout(tmp_path, create_item), workers)
    assert "must return a named tuple of tensors" in str(error.value)
    assert not multiprocessing.active_children()
    for _ in range(100):  # threads of queues end a moment later
        if threading.active_count() > before:
            time.sleep(0.05)
    assert threading.active_count() == before


@forking
def test_T23_an_item_that_cannot_be_pickled_does_not_hang(tmp_path: Path) -> None:
    class LocalBatch(NamedTuple):
        images: Tensor

    class LocalLayout(FailingLayout):
        def load(self, item: Item, transform: Any) -> Any:  # noqa: ARG002
            return LocalBatch(torch.zeros(1, 8, 8, dtype=torch.uint8))

    with pytest.raises(TrainingError, match="not defined at the top of its module"):
        batches_of(LocalLayout(tmp_path, lambda: None), 1)
    assert len(batches_of(LocalLayout(tmp_path, lambda: None), 0)) == 8


@pytest.mark.parametrize("workers", [0, 1])
@forking
def test_T23_a_layout_that_always_raises_stops_training_with_the_first_error(
    workers: int, tmp_path: Path
) -> None:
    class AlwaysFailing(FailingLayout):
        def pick(self, index: int, random: Any) -> Item:  # noqa: ARG002
            raise LookupError(f"{index}")

    message = r"100 items in a row .*AlwaysFailing.pick raised LookupError"
    with pytest.raises(TrainingError, match=message):
        batches_of(AlwaysFailing(tmp_path, lambda: None), workers)
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("workers", [0, 2])
@forking
def test_T23_a_run_that_can_read_no_image_ends_with_a_checkpoint_and_exit_code_5(
    workers: int,
    image_folder: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image_folder("a", 4), image_folder("b", 4)
    config = small_runs.config(tmp_path, data__workers=workers, data__cache=0, train__steps=50)

    def fail(*_: object, **__: object) -> None:
        raise AttributeError("a bug of the decoder")

    monkeypatch.setattr("translate.engine.loading.cache.Cache.read", fail)
    with pytest.raises(TrainingError, match="a bug of the decoder") as error:
        small_runs.train(config, tmp_path / "run")
    assert error.value.exit_code == 5
    assert "please report it" in str(error.value)
    assert small_runs.checkpoint_steps(tmp_path / "run") == [0]
    assert '"outcome": "failed"' in (tmp_path / "run/run.json").read_text()
    assert not multiprocessing.active_children()
    assert not (tmp_path / "run/problems.jsonl").exists()
