"""Progress is a bar on a terminal and plain lines elsewhere, of the first process alone."""

import re
from typing import Any

import pytest

from translate.engine.system import console
from translate.engine.training import progress_bar
from translate.progress import ProgressReport, ProgressReporter


def test_only_the_first_process_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    with progress_bar.shown_progress(quiet=False) as progress:
        assert type(progress) is ProgressReporter
    monkeypatch.setenv("RANK", "0")
    with progress_bar.shown_progress(quiet=True) as progress:
        assert type(progress) is ProgressReporter
    with progress_bar.shown_progress(quiet=False) as progress:
        assert type(progress) is progress_bar.Lines


REPORT = ProgressReport(50, 200, {"generator/gan": 0.5, "generator/l1": 20.0}, 3.0, 0.1, 61)


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(console, "has_bars", lambda: True)


def test_a_terminal_shows_a_progress_bar(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    on_a_terminal(monkeypatch, 80)
    with progress_bar.shown_progress(quiet=False) as progress:
        progress.message("[once]")
        progress.step(50, 200)
        progress.progress(REPORT)
    output = capsys.readouterr().out
    assert "[once]" in output
    assert "50/200" in output
    assert "generator gan 0.5 l1 20" in output


@pytest.mark.parametrize("columns", [40, 60, 80, 200])
def test_a_bar_is_one_line_with_the_time_left_and_no_unknown_total(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    on_a_terminal(monkeypatch, columns)
    with progress_bar.shown_progress(quiet=False) as progress:
        progress.bar.refresh()
        first = plain(capsys.readouterr().out)
        progress.step(49, 200), progress.bar.refresh()
        progress.progress(REPORT), progress.bar.refresh()
        frames = plain(capsys.readouterr().out)
    assert first[0].startswith("starting") and "None" not in "".join([*first, *frames])
    assert all(len(line) <= columns for line in [*first, *frames])
    assert frames[-1].startswith("61 s left") and "50/200" in frames[-1]
    assert columns < 60 or "generator 20.5" in frames[-1] or "generator gan" in frames[-1]


def plain(output: str) -> list[str]:
    """Return the lines sent to a terminal, without control sequences."""
    text = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", output)
    return [line.rstrip() for line in re.split(r"[\r\n]+", text) if line.strip()]
