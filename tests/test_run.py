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


class Stopper:
    """A plugin with a hook that stops runs while `active`; it records how they end."""

    active = True

    def __init__(self) -> None:
        self.outcomes: list[str] = []

    @hookimpl
    def run_finished(self, outcome: str) -> None:
        self.outcomes.append(outcome)


def make_stopper(event: str, first_step: int) -> Stopper:
    """Return a plugin that stops a run in the hook `event`, at `first_step` or later."""

    def run_started(_: Stopper, run: Run) -> None:
        run.stop("the losses are good")

    def hook_with_step(self: Stopper, run: Run, step: int) -> None:
        if self.active and step >= first_step:
            run.stop("the losses are good")

    hook = run_started if event == "run_started" else hook_with_step
    return type("StopperInOneHook", (Stopper,), {event: hookimpl(hook)})()


@pytest.mark.parametrize(
    ("event", "last_step"),
    [("run_started", 1), ("losses_logged", 2), ("preview_drawn", 3), ("checkpoint_saved", 4)],
)
def test_a_hook_stops_the_run_after_the_current_step_with_a_checkpoint(
    event: str, last_step: int, root: Path, register_plugin: Plugin
) -> None:
    stopper = make_stopper(event, 1)
    register_plugin(stopper, "other:stopper")
    every = {"train__log_every": 2, "train__preview_every": 3, "train__save_every": 4}
    run = root / "run"
    result = small_runs.train(small_runs.config(root, train__steps=9, **every), run)
    assert (result.step, result.reason, result.signal) == (last_step, "the losses are good", 0)
    assert small_runs.checkpoint_steps(run)[-1] == last_step
    assert json_files.read_lines(run / "log.jsonl")[-1]["step"] == last_step
    record = run_record(run)
    assert (record["outcome"], record["reason"]) == ("stopped", "the losses are good")
    assert record["stopped_by"] == "other:stopper"
    assert stopper.outcomes == ["stopped"]


def test_a_stopped_run_resumes_to_the_same_bytes(root: Path, register_plugin: Plugin) -> None:
    config = small_runs.config(root, train__steps=4, train__log_every=1)
    small_runs.train(config, root / "uninterrupted")
    stopper = make_stopper("losses_logged", 2)
    register_plugin(stopper, "other:stopper")
    assert small_runs.train(config, root / "run").step == 2
    stopper.active = False
    assert small_runs.resume(root / "run").step == 4
    assert small_runs.equal_checkpoints(root / "run", root / "uninterrupted")


def test_a_stop_at_the_last_step_changes_nothing(root: Path, register_plugin: Plugin) -> None:
    register_plugin(make_stopper("losses_logged", 2), "other:stopper")
    config = small_runs.config(root, train__steps=2, train__log_every=1)
    result = small_runs.train(config, root / "run")
    assert (result.step, result.reason) == (2, "")
    assert run_record(root / "run")["outcome"] == "finished"


def test_a_stopped_run_is_exit_code_0_with_the_reason_and_the_command_to_resume(
    run_command: Any, root: Path, register_plugin: Plugin
) -> None:
    register_plugin(make_stopper("losses_logged", 1), "other:stopper")
    small_runs.train(small_runs.config(root, train__steps=3, train__log_every=1), root / "first")
    result = run_command("train", "--resume", "first")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[-1] == (
        "stopped at step 2 (the losses are good): translate train --resume first"
    )
