"""Messages and progress of many images, and the last line."""

from pathlib import Path

import pytest

from translate.cli.messages import progress
from translate.results import InferenceResult

PROBLEMS = Path("out/problems.jsonl")


def test_progress_is_a_plain_line_at_intervals(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PROGRESS_SECONDS", -1.0)
    with progress.show_progress("translating", quiet=False) as show_progress:
        show_progress(InferenceResult(10, PROBLEMS, done=3, skipped=1))
    assert "4 of 10" in capsys.readouterr().out


def test_nothing_is_printed_when_quiet_or_before_the_interval(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for quiet in (True, False):
        with progress.show_progress("translating", quiet=quiet) as show_progress:
            show_progress(InferenceResult(10, PROBLEMS, done=3))
    assert capsys.readouterr().out == ""


def test_the_last_line_counts_every_image() -> None:
    complete = InferenceResult(5, PROBLEMS, done=3, skipped=2)
    assert progress.summary(complete) == "3 done, 2 skipped (already there), 0 listed"
    partial = InferenceResult(9, PROBLEMS, done=3, skipped=2, listed=1)
    assert progress.summary(partial) == (
        "3 done, 2 skipped (already there), 1 listed in out/problems.jsonl, 3 not started"
    )
