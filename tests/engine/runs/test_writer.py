"""The files of a run except its checkpoints, and the hooks that are called for them."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_runs
from odd_exceptions import PanicException, UnprintableError
from run_files import listed_problems, log_lines, run_record

from translate import hookimpl
from translate.engine.checkpoints import retention
from translate.engine.checkpoints.state import TrainingState
from translate.engine.data.check import CheckedData
from translate.engine.disk import files
from translate.engine.runs.writer import RunWriter
from translate.errors import describe_error
from translate.run import LogRecord

Plugin = Callable[..., object]


def test_numbers_that_json_does_not_have_are_null(
    started_run: tuple[RunWriter, TrainingState, CheckedData],
) -> None:
    writer = started_run[0]
    losses = {"a/b": math.nan, "a/c": 0.5}
    writer.log(LogRecord(1, 0.5, losses, {"a": 0.1}, {"a": math.inf}, 3.0, 0.0, 100, 1))
    text = (writer.path / "log.jsonl").read_text()
    record = json.loads(text, parse_constant=lambda name: pytest.fail(name))
    assert (record["losses"], record["grad_norm"]) == ({"a/b": None, "a/c": 0.5}, {"a": None})


def test_the_end_is_recorded_and_the_start_kept(
    started_run: tuple[RunWriter, TrainingState, CheckedData],
) -> None:
    writer, training, checked_data = started_run
    training.step = 3
    writer.begin(training, checked_data)
    before = json.loads((writer.path / "run.json").read_bytes())
    writer.end("interrupted")
    after = json.loads((writer.path / "run.json").read_bytes())
    assert after.items() > before.items()
    assert (after["outcome"], after["started_at_step"]) == ("interrupted", 3)


def test_the_run_of_event_hooks_has_its_configuration(
    started_run: tuple[RunWriter, TrainingState, CheckedData],
) -> None:
    run = started_run[0].run
    assert (run.steps, run.config["recipe"]) == (4, "cyclegan")
    assert json.dumps(run.config)


def test_the_log_is_truncated_to_the_resumed_checkpoint(configure: Any, tmp_path: Path) -> None:
    run = tmp_path / "run"
    small_runs.train(configure(train__steps=4, train__log_every=1), run)
    before = log_lines(run)
    for step in (5, 6):
        files.append(run / "log.jsonl", {"step": step, "losses": {}})
    with (run / "log.jsonl").open("a") as file:
        file.write('{"step": 7, "los')  # cut off by a kill
    small_runs.resume(run, steps=6)
    assert log_lines(run)[:4] == before
    assert [line["step"] for line in log_lines(run)] == [1, 2, 3, 4, 5, 6]
    assert all(line["losses"] for line in log_lines(run))


def test_partial_files_of_a_killed_process_are_removed_at_the_next_start(
    configure: Any, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    small_runs.train(configure(train__preview_every=2), run)
    for left in (".run.json.part-9", "previews/.step-1.png.part-9", "checkpoints/.step.part-9"):
        (run / left).write_text("half")
    (run / "checkpoints/.tmp-step-00000009").mkdir()
    (run / ".tmp-mine").write_text("the user's")
    small_runs.resume(run, steps=5)
    hidden_files = {str(p.relative_to(run)) for p in run.rglob(".*")}
    assert hidden_files == {".tmp-mine"}


def test_run_json_records_the_session(
    configure: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["/lib/translate/__main__.py", "train"])  # `python -m`
    small_runs.train(configure(), tmp_path / "run")
    record = run_record(tmp_path / "run")
    assert record["outcome"] == "finished"
    assert record["data"]["files"] == 4
    assert (record["seed"], record["device"], record["processes"]) == (0, "cpu", 1)
    assert set(record["versions"]) == {"translate-kit", "torch", "python"}
    assert record["started"] <= record["ended"]
    assert record["command"] == ["translate", "train"]
    assert {"git", "threads"} <= record.keys()


def test_run_json_keeps_earlier_sessions(configure: Any, tmp_path: Path) -> None:
    small_runs.train(configure(), tmp_path / "run")
    first = run_record(tmp_path / "run")
    small_runs.resume(tmp_path / "run", steps=20)
    assert run_record(tmp_path / "run")["earlier"] == [first]
    small_runs.resume(tmp_path / "run", steps=21)
    earlier = run_record(tmp_path / "run")["earlier"]
    assert [session["started_at_step"] for session in earlier] == [0, 4]


@pytest.mark.parametrize("name", ["log.jsonl", "step-00000002.png"])
def test_T21_a_log_or_preview_that_cannot_be_written_is_listed_and_training_continues(
    name: str, configure: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configure(train__steps=4, train__log_every=2, train__preview_every=2)
    small_runs.train(config, tmp_path / "straight")
    for function in ("append", "replace"):
        write = getattr(files, function)

        def write_or_fail(path: Path, data: Any, write: Any = write) -> None:
            if path.name == name:
                raise OSError(28, "No space left on device")
            write(path, data)

        monkeypatch.setattr(files, function, write_or_fail)
    recorder = small_runs.ProgressRecorder()
    result = small_runs.train(config, tmp_path / "run", recorder)
    count = 2 if name == "log.jsonl" else 1
    assert result.step == 4
    assert result.listed == len(listed_problems(tmp_path / "run")) == count
    assert listed_problems(tmp_path / "run")[0]["reason"] == "could not write"
    assert f"could not write: {tmp_path / 'run'}" in str(recorder)
    assert small_runs.equal_checkpoints(tmp_path / "run", tmp_path / "straight")


def test_event_hooks_are_called_in_order_with_documented_arguments(
    configure: Any, tmp_path: Path, register_plugin: Plugin
) -> None:
    events: list[tuple[Any, ...]] = []

    class Listener:
        @hookimpl
        def run_started(self, run: Any) -> None:
            events.append(("started", run.path, run.config["recipe"], run.steps))

        @hookimpl
        def losses_logged(self, run: Any, step: int, losses: Any) -> None:
            events.append(("losses", run.path.name, step, sorted(losses)))

        @hookimpl
        def preview_drawn(self, path: Path, step: int) -> None:  # some arguments, in another order
            events.append(("preview", step, path.is_file()))

        @hookimpl
        def checkpoint_saved(self, step: int, path: Path) -> None:
            retention.verify(path)
            events.append(("saved", step, path.name))

        @hookimpl
        def run_finished(self, outcome: str) -> None:
            events.append(("finished", outcome))

    register_plugin(Listener(), "other:listener")
    every = {f"train__{key}_every": 2 for key in ("log", "preview", "save")}
    small_runs.train(configure(train__steps=3, **every), tmp_path / "run")
    losses = ["one/distance", "two/distance"]
    assert events == [
        ("started", tmp_path / "run", "toy", 3),
        ("saved", 0, "step-00000000"),
        ("losses", "run", 2, losses),
        ("preview", 2, True),
        ("saved", 2, "step-00000002"),
        ("losses", "run", 3, losses),
        ("preview", 3, True),
        ("saved", 3, "step-00000003"),
        ("finished", "finished"),
    ]


@pytest.mark.parametrize(
    "error",
    [ValueError("no such dashboard"), SystemExit(0), PanicException("x"), UnprintableError()],
)
def test_T23_G10_a_hook_that_fails_is_listed_and_the_next_plugin_is_called(
    error: BaseException, configure: Any, tmp_path: Path, register_plugin: Plugin
) -> None:
    events = []

    class Faulty:
        @hookimpl(tryfirst=True)
        def losses_logged(self) -> None:
            raise error

    class Listener:
        @hookimpl
        def losses_logged(self, step: int) -> None:
            events.append(step)

    register_plugin(Listener(), "other:listener")
    register_plugin(Faulty(), "other:faulty")
    result = small_runs.train(configure(), tmp_path / "run")
    assert events == [4]
    assert result.step == 4
    (problem,) = listed_problems(tmp_path / "run")
    message = problem.pop("message")
    assert message.startswith(f"{describe_error(error)} (plugin other:faulty, ")
    assert "`raise error`" in message
    assert problem == {
        "path": "plugin other:faulty",
        "stage": "losses_logged",
        "reason": "hook failed",
    }
