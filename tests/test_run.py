"""Plugins stop a run between two steps by `Run.stop`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_runs
from run_files import run_record

from translate import hookimpl
from translate.engine.disk.records import json_files
from translate.run import Run

Plugin = Callable[..., object]


def stop_plugin(event: str, at: int) -> Any:
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

    plugin_type = type(
        "Stop", (), {event: hookimpl(function), "run_finished": hookimpl(run_finished)}
    )
    plugin = plugin_type()
    plugin.finished = finished
    return plugin


@pytest.mark.parametrize(
    ("event", "last_step"),
    [("run_started", 1), ("losses_logged", 2), ("preview_drawn", 3), ("checkpoint_saved", 4)],
)
def test_a_hook_stops_the_run_after_the_current_step_with_a_checkpoint(
    event: str, last_step: int, root: Path, register_plugin: Plugin
) -> None:
    stopper = register_plugin(stop_plugin(event, 1), "other:stopper")
    every = {"train__log_every": 2, "train__preview_every": 3, "train__save_every": 4}
    run = root / "run"
    result = small_runs.train(small_runs.config(root, train__steps=9, **every), run)
    assert (result.step, result.reason, result.signal) == (last_step, "the losses are good", 0)
    assert small_runs.checkpoint_steps(run)[-1] == last_step
    assert json_files.read_lines(run / "log.jsonl")[-1]["step"] == last_step
    record = run_record(run)
    assert (record["outcome"], record["reason"]) == ("stopped", "the losses are good")
    assert record["stopped_by"] == "other:stopper"
    assert stopper.finished == ["stopped"]  # type: ignore[attr-defined]


def test_a_stopped_run_resumes_to_the_same_bytes(root: Path, register_plugin: Plugin) -> None:
    config = small_runs.config(root, train__steps=4, train__log_every=1)
    small_runs.train(config, root / "uninterrupted")
    stopper = stop_plugin("losses_logged", 2)
    register_plugin(stopper, "other:stopper")
    assert small_runs.train(config, root / "run").step == 2
    type(stopper).losses_logged = hookimpl(lambda self: None)  # noqa: ARG005
    from translate.engine.plugins import discovery

    discovery.load().unregister(name="other:stopper")
    register_plugin(object(), "other:stopper")
    assert small_runs.resume(root / "run").step == 4
    assert small_runs.equal_checkpoints(root / "run", root / "uninterrupted")


def test_a_stop_at_the_last_step_changes_nothing(root: Path, register_plugin: Plugin) -> None:
    register_plugin(stop_plugin("losses_logged", 2), "other:stopper")
    config = small_runs.config(root, train__steps=2, train__log_every=1)
    result = small_runs.train(config, root / "run")
    assert (result.step, result.reason) == (2, "")
    assert run_record(root / "run")["outcome"] == "finished"


def test_a_stopped_run_is_exit_code_0_with_the_reason_and_the_command_to_resume(
    run_command: Any, root: Path, register_plugin: Plugin
) -> None:
    register_plugin(stop_plugin("losses_logged", 1), "other:stopper")
    small_runs.train(small_runs.config(root, train__steps=3, train__log_every=1), root / "first")
    result = run_command("train", "--resume", "first")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[-1] == (
        "stopped at step 2 (the losses are good): translate train --resume first"
    )
