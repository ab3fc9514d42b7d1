"""Progress is a panel on a terminal and plain lines elsewhere, only of the first process."""

import pytest

from translate.engine.system import console
from translate.engine.training.monitoring import progress_bar
from translate.engine.training.monitoring.panel import Panel
from translate.progress import ProgressReporter


def test_only_the_first_process_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    with progress_bar.shown_progress(quiet=False) as progress:
        assert type(progress) is ProgressReporter
    monkeypatch.setenv("RANK", "0")
    with progress_bar.shown_progress(quiet=True) as progress:
        assert type(progress) is ProgressReporter
    with progress_bar.shown_progress(quiet=False) as progress:
        assert type(progress) is progress_bar.PlainLines


def test_a_terminal_gets_a_panel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "has_bars", lambda: True)
    with progress_bar.shown_progress(quiet=False) as progress:
        assert type(progress) is Panel
    with progress_bar.shown_progress(quiet=False, steps=False) as progress:
        assert type(progress) is progress_bar.PlainLines
