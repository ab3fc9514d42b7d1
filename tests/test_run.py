"""What a hook may do to a run: read it, and stop it at a step boundary."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_runs

from translate import hookimpl
from translate.engine.disk import json_files
from translate.run import Run

Plugin = Callable[..., object]


@pytest.fixture
def root(image_folder: Callable[..., Path], tmp_path: Path) -> Path:
    image_folder("a", 4), image_folder("b", 4)
    return tmp_path


def stopping(event: str, at: int) -> Any:
    """Return a plugin whose hook of `event` stops the run at a step."""

    def hook(self: object, run: Run, step: int = 0) -> None:  # noqa: ARG001
        if step >= at:
            run.stop("the losses are good")

    def started(self: object, run: Run) -> None:  # noqa: ARG001
        run.stop("the losses are good")

    function = started if event == "run_started" else hook
    if event != "run_started":
        function.__defaults__ = None
    finished: list[str] = []

    def run_finished(self: object, outcome: str) -> None:  # noqa: ARG001
        finished.append(outcome)

    kind = type("Stop", (), {event: hookimpl(function), "run_finished": hookimpl(run_finished)})
    made = kind()
    made.finished = finished
    return made


@pytest.mark.parametrize(
    ("event", "ends"),
    [("run_started", 1), ("losses_logged", 2), ("preview_drawn", 3), ("checkpoint_saved", 4)],
)
def test_a_hook_stops_the_run_with_a_checkpoint_at_the_step_at_which_it_is_called(
    event: str, ends: int, root: Path, register_plugin: Plugin
) -> None:
    stopper = register_plugin(stopping(event, 1), "stranger:stopper")
    every = {"train__log_every": 2, "train__preview_every": 3, "train__save_every": 4}
    run = root / "run"
    result = small_runs.train(small_runs.config(root, train__steps=9, **every), run)
    assert (result.step, result.reason, result.signal) == (ends, "the losses are good", 0)
    assert small_runs.checkpoint_steps(run)[-1] == ends
    assert json_files.read_lines(run / "log.jsonl")[-1]["step"] == ends
    facts = json.loads((run / "run.json").read_bytes())
    assert (facts["outcome"], facts["reason"]) == ("stopped", "the losses are good")
    assert facts["stopped_by"] == "stranger:stopper"
    assert stopper.finished == ["stopped"]  # type: ignore[attr-defined]


def test_a_stopped_run_goes_on_to_the_same_end(root: Path, register_plugin: Plugin) -> None:
    asked = small_runs.config(root, train__steps=4, train__log_every=1)
    small_runs.train(asked, root / "straight")
    stopper = stopping("losses_logged", 2)
    register_plugin(stopper, "stranger:stopper")
    assert small_runs.train(asked, root / "run").step == 2
    type(stopper).losses_logged = hookimpl(lambda self: None)  # noqa: ARG005
    from translate.engine.plugins import discovery

    discovery.load().unregister(name="stranger:stopper")
    register_plugin(object(), "stranger:stopper")
    assert small_runs.resume(root / "run").step == 4
    assert small_runs.checkpoint_tensors(root / "run") == small_runs.checkpoint_tensors(
        root / "straight"
    )


def test_a_stop_at_the_last_step_changes_nothing(root: Path, register_plugin: Plugin) -> None:
    register_plugin(stopping("losses_logged", 2), "stranger:stopper")
    asked = small_runs.config(root, train__steps=2, train__log_every=1)
    result = small_runs.train(asked, root / "run")
    assert (result.step, result.reason) == (2, "")
    assert json.loads((root / "run/run.json").read_bytes())["outcome"] == "finished"


def test_a_stopped_run_is_exit_0_with_the_reason_and_the_way_on(
    run_command: Any, root: Path, register_plugin: Plugin
) -> None:
    register_plugin(stopping("losses_logged", 1), "stranger:stopper")
    small_runs.train(small_runs.config(root, train__steps=3, train__log_every=1), root / "first")
    found = run_command("train", "--resume", "first")
    assert (found.code, found.err) == (0, "")
    assert found.out.splitlines()[-1] == (
        "stopped at step 2 (the losses are good): translate train --resume first"
    )
