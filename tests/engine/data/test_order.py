"""Whatever an item raises is a listed item, with any number of workers; the rest is trained on."""

import multiprocessing
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import cv2
import numpy as np
import pytest
import small_runs
import torch
from odd_exceptions import PanicException, UnprintableError
from PIL import Image
from specs import image_spec
from torch import Tensor

from translate.batches import Images, ImageSpec, Layout
from translate.engine.config.schema import Data
from translate.engine.data import check, loader
from translate.engine.data.data_warnings import remarks
from translate.engine.data.order import Items, batch_keys, dice, order
from translate.engine.data.transform import Augment
from translate.errors import BadImage, ConfigError, TrainingError

SEVENTH = "0006.png"
forking = pytest.mark.filterwarnings(
    "ignore:.*multi-threaded.*fork:DeprecationWarning",  # Python 3.12's
    "ignore:This DataLoader will create 2 worker processes:UserWarning",
)
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


class Own(Layout):
    """Twelve gray images; the seventh raises."""

    def __init__(self, folder: Path, fault: Callable[[], Any]) -> None:
        self.files = [folder / f"{n:04}.png" for n in range(12)]
        self.fault = fault
        self.spec = image_spec((8, 8), ("a",), 1)

    def __len__(self) -> int:
        return len(self.files)

    def pick(self, index: int, random: Any) -> tuple[Path, ...]:  # noqa: ARG002
        return (self.files[index],)

    def load(self, files: tuple[Path, ...], transform: Any) -> Any:  # noqa: ARG002
        if files[0].name == SEVENTH:
            return self.fault()
        return Images(torch.zeros(1, 8, 8, dtype=torch.uint8))


def no_file(_: Path) -> Any:
    return np.zeros(1)


def read(layout: Layout, workers: int, stop: int = 8) -> list[Any]:
    settings = Data(domains=("a",), size=8, workers=workers)
    prepared = check.CheckedData(layout, Augment(settings, layout.spec, no_file), [], [])
    return list(loader.batches(prepared, settings, seed=1, batch_size=3, stop=stop))


@pytest.mark.parametrize("workers", [0, 1, 2])
@pytest.mark.parametrize("make", RAISED)
@forking
def test_T23_whatever_a_layout_raises_is_a_listed_item(
    make: Callable[[], BaseException], workers: int, tmp_path: Path
) -> None:
    def fault() -> None:
        raise make()

    found = read(Own(tmp_path, fault), workers)
    assert len(found) == 8
    (problem,) = [problem for _, problems in found for problem in problems]
    assert problem.path.name in (SEVENTH, "seventh")
    kind = type(make())
    assert problem.reason == ("unreadable" if kind is BadImage else "failed")
    if kind not in (MemoryError, ConfigError, BadImage):
        assert f"Own.load raised {kind.__name__.rpartition('.')[2]}" in problem.message
        assert f"{__file__}, line {fault.__code__.co_firstlineno + 1}" in problem.message
    assert not multiprocessing.active_children()


class Wide(NamedTuple):
    """An item of other shapes."""

    images: Tensor


UNEQUAL: list[tuple[Callable[[], Any], str]] = [
    (lambda: Images(torch.zeros(1, 4, 4, dtype=torch.uint8)), "shapes"),
    (lambda: "no tuple at all", "TypeError|do not go together"),
    (lambda: Images("text"), "do not go together"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(("item", "said"), UNEQUAL)
@forking
def test_T23_items_that_do_not_go_together_end_with_what_is_wrong(
    item: Callable[[], Any], said: str, workers: int, tmp_path: Path
) -> None:
    before = threading.active_count()
    with pytest.raises(TrainingError, match=said) as found:
        read(Own(tmp_path, item), workers)
    assert "must return a named tuple of tensors" in str(found.value)
    assert not multiprocessing.active_children()
    for _ in range(100):  # those of queues end a moment later
        if threading.active_count() > before:
            time.sleep(0.05)
    assert threading.active_count() == before


@forking
def test_T23_an_item_that_no_process_can_hand_over_is_no_endless_wait(tmp_path: Path) -> None:
    class Local(NamedTuple):
        images: Tensor

    class All(Own):
        def load(self, files: Any, transform: Any) -> Any:  # noqa: ARG002
            return Local(torch.zeros(1, 8, 8, dtype=torch.uint8))

    with pytest.raises(TrainingError, match="not defined at the top of its module"):
        read(All(tmp_path, lambda: None), 1)
    assert len(read(All(tmp_path, lambda: None), 0)) == 8


@pytest.mark.parametrize("workers", [0, 1])
@forking
def test_T23_a_layout_that_always_raises_ends_with_the_first_reason(
    workers: int, tmp_path: Path
) -> None:
    class Always(Own):
        def pick(self, index: int, random: Any) -> tuple[Path, ...]:  # noqa: ARG002
            raise LookupError(f"{index}")

    with pytest.raises(TrainingError, match=r"100 items in a row .*Always.pick raised LookupError"):
        read(Always(tmp_path, lambda: None), workers)
    assert not multiprocessing.active_children()


def test_T23_an_item_that_cannot_be_picked_is_listed_by_training_and_no_end_of_the_check(
    tmp_path: Path,
) -> None:
    class Picky(Own):
        def pick(self, index: int, random: Any) -> tuple[Path, ...]:
            if index % 4 == 0:
                raise PanicException("fourth")
            return super().pick(index, random)

    layout, settings = Picky(tmp_path, lambda: None), Data(domains=("a",), size=8)
    assert remarks(layout, settings, [], []) == []
    listed = [problem for _, problems in read(layout, 0, stop=2) for problem in problems]
    assert listed and all("PanicException: fourth" in problem.message for problem in listed)


@pytest.mark.parametrize("workers", [0, 2])
@forking
def test_T23_a_run_whose_reading_breaks_ends_with_a_checkpoint_and_exit_code_5(
    workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        (tmp_path / name / "train").mkdir(parents=True)
        for n in range(4):
            Image.new("RGB", (20, 20), (n, 0, 0)).save(tmp_path / name / f"train/{n}.png")
    asked = small_runs.config(tmp_path, data__workers=workers, data__cache=0, train__steps=50)

    def fail(*_: object, **__: object) -> None:
        raise AttributeError("a decoder of tomorrow")

    monkeypatch.setattr("translate.engine.data.cache.Cache.read", fail)
    with pytest.raises(TrainingError, match="a decoder of tomorrow") as error:
        small_runs.train(asked, tmp_path / "run")
    assert error.value.exit_code == 5
    assert "please report it" in str(error.value)
    assert small_runs.checkpoint_steps(tmp_path / "run") == [0]
    assert '"outcome": "failed"' in (tmp_path / "run/run.json").read_text()
    assert not multiprocessing.active_children()
    assert not (tmp_path / "run/problems.jsonl").exists()


def test_T24_case_13_too_little_shared_memory_is_said_with_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "SHARED", tmp_path)
    usage = type("Usage", (), {"free": 64 * 9 * 7})
    monkeypatch.setattr("translate.engine.data.loader.shutil.disk_usage", lambda _: usage)
    layout = Own(tmp_path, lambda: None)

    def remark(workers: int, batch_size: int = 9) -> str:
        settings = Data(domains=("a",), size=8, workers=workers)
        prepared = check.CheckedData(layout, Augment(settings, layout.spec, no_file), [], [])
        return loader.shared_memory_remark(prepared, settings, seed=1, batch_size=batch_size)

    assert remark(0, 10**6) == ""
    assert remark(3) == ""
    said = remark(4)
    assert "data.workers: 4 workers with batches of" in said
    assert "Set data.workers=3, or give a container more: docker run --shm-size=2g" in said
    assert "Set data.workers=0" in remark(1, 100)


# -- order and random numbers -------------------------------------------------------------------


class Drawing(Layout):
    """Items whose picture is the random number that the layout draws."""

    def __init__(self, count: int) -> None:
        self.count, self.files, self.spec = count, [], ImageSpec()

    def __len__(self) -> int:
        return self.count

    def pick(self, index: int, random: Random) -> tuple[Path, ...]:  # noqa: ARG002
        return (Path(str(random.random())),)

    def load(self, files: tuple[Path, ...], transform: Any) -> Images:
        return Images(torch.tensor([float(str(files[0])), transform]))


def drawn(seed: int, keys: Sequence[tuple[int, int]]) -> list[tuple[float, ...]]:
    items = Items(Drawing(4), lambda random: random.random(), seed)  # type: ignore[arg-type,return-value]
    return [tuple(items[key][0].images.tolist()) for key in keys]


def test_random_numbers_of_an_item_differ_by_run_epoch_and_item_and_by_nothing_else() -> None:
    keys = [(epoch, index) for epoch in range(3) for index in range(4)]
    first, again, other = drawn(0, keys), drawn(0, keys[::-1])[::-1], drawn(1, keys)
    assert first == again
    everything = [number for pair in (*first, *other) for number in pair]
    assert len(set(everything)) == len(everything)
    states = {dice(seed, epoch, i).random() for seed in (0, 1) for epoch in (0, 1) for i in (0, 1)}
    assert len(states) == 8


def test_each_epoch_of_each_run_has_an_order_of_its_own_with_every_item_once() -> None:
    orders = [tuple(order(20, seed, epoch)) for seed in (0, 1) for epoch in (0, 1)]
    assert len(set(orders)) == 4
    assert all(sorted(found) == list(range(20)) for found in orders)
    (first, second) = batch_keys([0, 1], 3, 0, 2, range(2))
    assert [epoch for epoch, _ in (*first, *second)] == [0, 0, 0, 1]
