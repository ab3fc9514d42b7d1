"""`translate report` writes one page, or serves it."""

import re
import signal
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import recorded_runs
from command_result import CommandResult
from subprocesses import start_command

from translate import errors

Run = Callable[..., CommandResult]


def test_the_report_of_a_run_is_written_into_its_folder_and_changes_no_other_file(
    run_command: Run, tmp_path: Path
) -> None:
    run = recorded_runs.write_run(tmp_path / "run")
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    result = run_command("report", "run")
    assert (result.code, result.err) == (0, "")
    assert re.fullmatch(r"run/report\.html: 2\.\d MB\n", result.out)
    assert {p: p.read_bytes() for p in before} == before
    assert {*run.rglob("*.*")} - {*before} - {*run.rglob("checkpoints/*")} == {run / "report.html"}
    assert run_command("report", "run", "--quiet").out == ""


def test_several_runs_are_compared_in_one_file(run_command: Run, tmp_path: Path) -> None:
    for name in ("one", "two"):
        recorded_runs.write_run(tmp_path / name)
    assert run_command("report", "one", "two", "--out", "new/both.html").code == 0
    assert "<title>Runs one, two</title>" in (tmp_path / "new/both.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none"], "none is no run folder: expected one that `translate train` has written."),
        (["run", "--out", "notes.txt"], "--out notes.txt: the file exists and is no report."),
        (["run", "--port", "80"], "--port is only for --watch"),
        (["run", "--watch", "--out", "x.html"], "--watch writes no file"),
    ],
)
def test_wrong_arguments_are_refused_in_one_message_and_nothing_is_written(
    run_command: Run, tmp_path: Path, arguments: list[str], message: str
) -> None:
    recorded_runs.write_run(tmp_path / "run")
    (tmp_path / "notes.txt").write_text("mine")
    result = run_command("report", *arguments)
    assert result.code == 2 and message in result.err
    assert not list(tmp_path.rglob("*.html")) and (tmp_path / "notes.txt").read_text() == "mine"


def test_a_missing_extra_is_a_one_line_error_with_the_command_that_installs_it(
    run_command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errors, "find_spec", lambda name: name != "plotly" or None)
    result = run_command("report", "run")
    assert result.code == 2
    assert result.err == (
        'Error: the package plotly is not installed: pip install "translate-kit[report]"\n'
    )


@pytest.mark.slow
def test_a_page_is_served_until_ctrl_c(tmp_path: Path) -> None:
    run = recorded_runs.write_run(tmp_path / "run", previews=1)
    with start_command("report", run, "--watch", "--port", 0) as process:
        assert process.stdout
        [address] = re.findall(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
        assert "<title>Run run</title>" in httpx.get(address, timeout=60).text
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    assert not (run / "report.html").exists()
