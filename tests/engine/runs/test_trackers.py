"""Trackers are called in order, fail independently of each other, and are always closed."""

import math
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import small_runs
from disk_faults import FaultyDisk, no_space
from run_files import listed_problems

from translate import hookimpl
from translate.batches import Pair
from translate.engine.loading import loader
from translate.engine.processes.signals import Interrupts
from translate.engine.runs import run_record
from translate.errors import ConfigError, SaveError, TrainingError
from translate.progress import ProgressReporter
from translate.recipe import Turn
from translate.run import LogRecord, Run
from translate_plugins.cyclegan import CycleGAN

Plugin = Callable[..., object]


class CallRecorder:
    """A tracker that records the calls of all instances."""

    calls: list[tuple[Any, ...]] = []

    def __init__(self, label: str = "first") -> None:
        self.label = label

    def start(self, run: Run, step: int) -> None:
        self.calls.append((self.label, "start", run.path.name, step))

    def log(self, record: LogRecord) -> None:
        self.calls.append((self.label, "log", record.step))

    def preview(self, step: int, path: Path) -> None:
        assert path.read_bytes().startswith(b"\x89PNG")
        self.calls.append((self.label, "preview", step))

    def finish(self, outcome: str) -> None:
        self.calls.append((self.label, "finish", outcome))

    def close(self) -> None:
        self.calls.append((self.label, "close"))


@pytest.fixture
def calls(register_plugin: Plugin) -> list[tuple[Any, ...]]:
    """Register `CallRecorder`; return its calls."""
    register_trackers(register_plugin, "other:recorder", recorder=CallRecorder)
    CallRecorder.calls = []
    return CallRecorder.calls


def register_trackers(register_plugin: Plugin, name: str, **trackers: Any) -> None:
    class TrackerPlugin:
        @hookimpl
        def register_trackers(self) -> Any:
            return trackers

    register_plugin(TrackerPlugin(), name)


def config(root: Path, *trackers: Any, **flags: Any) -> Any:
    flags = {"train__log_every": 2, "train__steps": 4, **flags}
    return small_runs.config(root, train__trackers=list(trackers), **flags)


def test_several_trackers_are_called_in_order(root: Path, calls: list[tuple[Any, ...]]) -> None:
    trackers = ("recorder", {"name": "recorder", "label": "second"})
    small_runs.train(config(root, *trackers, train__preview_every=4), root / "run")
    expected = [("start", "run", 0), ("log", 2), ("log", 4), ("preview", 4)]
    expected += [("finish", "finished"), ("close",)]
    assert [call[1:] for call in calls if call[0] == "first"] == expected
    assert [call[0] for call in calls[:4]] == ["first", "second"] * 2


def test_trackers_of_a_resumed_run_get_its_step(root: Path, calls: list[tuple[Any, ...]]) -> None:
    small_runs.train(config(root, "recorder"), root / "run")
    calls.clear()
    small_runs.resume(root / "run", steps=6)
    assert calls[0] == ("first", "start", "run", 4)
    calls.clear()
    small_runs.resume(root / "run", steps=8, assignments=["train.trackers=[]"])
    assert not calls


def test_an_option_that_does_not_exist_is_refused_before_the_run_folder_is_made(
    root: Path, calls: list[tuple[Any, ...]]
) -> None:
    with pytest.raises(ConfigError, match=r"train\.trackers: tracker 'recorder' has no option 'l"):
        small_runs.train(config(root, {"name": "recorder", "lable": "x"}), root / "run")
    with pytest.raises(ConfigError, match=r"train\.trackers: no tracker is called 'recoder'.*mean"):
        small_runs.train(config(root, "recoder"), root / "run")
    assert not (root / "run").exists() and not calls


class CallAfterStep1(ProgressReporter):
    """Calls a function after step 1."""

    def __init__(self, action: Callable[[], object]) -> None:
        self.action = action

    def step(self, step: int, steps: int) -> None:  # noqa: ARG002
        if step == 1:
            self.action()


def prepare_end(
    ending: str, register_plugin: Plugin, monkeypatch: pytest.MonkeyPatch, disk: FaultyDisk
) -> tuple[ProgressReporter, Interrupts]:
    """Return arguments of `train` that end the run in this way after its first step."""
    interrupts = Interrupts()

    def fail(recipe: CycleGAN, batch: Pair) -> Iterator[Turn]:  # noqa: ARG001
        raise ZeroDivisionError("in the step")

    def diverge(recipe: CycleGAN, batch: Pair) -> Iterator[Turn]:
        for turn in step(recipe, batch):
            turn.losses = {name: loss * math.nan for name, loss in turn.losses.items()}
            yield turn

    step = CycleGAN.step
    actions: dict[str, Callable[[], object]] = {
        "finished": lambda: None,
        "signal": lambda: os.kill(os.getpid(), signal.SIGTERM),
        "time": lambda: setattr(interrupts, "_deadline", 0.0),
        "guard": lambda: monkeypatch.setattr(CycleGAN, "step", diverge),
        "exception": lambda: monkeypatch.setattr(CycleGAN, "step", fail),
        "interrupt": lambda: (_ for _ in ()).throw(KeyboardInterrupt),
        "failed save": lambda: disk.arm(1, no_space, always=True),
        "hook": lambda: None,
    }
    if ending == "hook":
        stopper = SimpleNamespace(losses_logged=hookimpl(lambda run: run.stop("enough")))
        register_plugin(stopper, "other:stopper")
    return CallAfterStep1(actions[ending]), interrupts


@pytest.mark.parametrize(
    ("ending", "outcome", "error"),
    [
        ("finished", "finished", None),
        ("signal", "interrupted", None),
        ("time", "interrupted", None),
        ("hook", "stopped", None),
        ("guard", "failed", TrainingError),
        ("exception", "failed", TrainingError),
        ("interrupt", "interrupted", KeyboardInterrupt),
        ("failed save", "failed", SaveError),
    ],
)
def test_trackers_are_closed_once_however_a_run_ends(
    ending: str,
    outcome: str,
    error: type[BaseException] | None,
    root: Path,
    calls: list[tuple[Any, ...]],
    register_plugin: Plugin,
    monkeypatch: pytest.MonkeyPatch,
    disk: FaultyDisk,
) -> None:
    progress, interrupts = prepare_end(ending, register_plugin, monkeypatch, disk)
    steps = 3 if ending in ("finished", "failed save") else 30
    options = config(root, "recorder", train__steps=steps, train__guard=2, train__log_every=1)
    with pytest.raises(error) if error else nullcontext():
        small_runs.train(options, root / "run", progress, interrupts=interrupts)
    disk.disarm()
    assert calls[0][1] == "start"
    assert [call[1:] for call in calls[-2:]] == [("finish", outcome), ("close",)]
    assert sum(call[1] == "close" for call in calls) == 1


def test_trackers_are_closed_if_training_fails_before_its_first_step(
    root: Path, calls: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(loader, "shared_memory_warning")
    with pytest.raises(AttributeError):
        small_runs.train(config(root, "recorder"), root / "run")
    assert [call[1:] for call in calls[-2:]] == [("finish", "failed"), ("close",)]
    assert run_record.read_last_session(root / "run")["outcome"] == "failed"


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_trackers_are_closed_if_training_is_interrupted_while_they_start(
    error: type[BaseException] | None,
    root: Path,
    calls: list[tuple[Any, ...]],
    register_plugin: Plugin,
) -> None:
    def interrupt() -> None:
        if error:
            raise error
        os.kill(os.getpid(), signal.SIGTERM)

    register_plugin(SimpleNamespace(run_started=hookimpl(interrupt)), "other:interrupter")
    with pytest.raises(error) if error else nullcontext():
        result = small_runs.train(config(root, "recorder", train__steps=30), root / "run")
        assert (result.signal, result.step) == (signal.SIGTERM, 1)
    assert [call[1:] for call in calls[-2:]] == [("finish", "interrupted"), ("close",)]
    assert run_record.read_last_session(root / "run")["outcome"] == "interrupted"


@pytest.mark.parametrize("method", ["start", "log", "preview", "finish", "close"])
def test_a_tracker_that_fails_is_listed_with_its_line_and_the_run_continues(
    method: str, root: Path, calls: list[tuple[Any, ...]], register_plugin: Plugin
) -> None:
    def fail(self: CallRecorder, *_: object) -> None:  # noqa: ARG001
        raise ConnectionError("no answer")

    failing = type("Failing", (CallRecorder,), {method: fail})
    register_trackers(register_plugin, "other:failing", failing=lambda: failing("failing"))
    options = config(root, "failing", "recorder", train__preview_every=2)
    result = small_runs.train(options, root / "run")
    assert (result.step, result.listed) == (4, 1)
    (problem,) = listed_problems(root / "run")
    assert (problem["path"], problem["reason"]) == ("tracker failing", "tracker failed")
    assert problem["stage"] == method
    assert "ConnectionError: no answer (plugin other:failing" in problem["message"]
    assert "test_trackers.py, line " in problem["message"]
    assert [call[1] for call in calls if call[0] == "first"] == [
        "start", "log", "preview", "log", "preview", "finish", "close",
    ]  # fmt: skip
    calls_of_failing = [call[1] for call in calls if call[0] == "failing"]
    assert calls_of_failing.count("close") == (method != "close")
    if method == "start":
        assert calls_of_failing == ["close"]
