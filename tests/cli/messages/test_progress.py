"""Lines of progress while many images are processed, and the last line."""

import time
from pathlib import Path

import pytest

from translate.cli.messages import progress
from translate.results import InferenceResult

PROBLEMS = Path("out/problems.jsonl")
QUARTER_OF_AN_IMAGE = InferenceResult(1, PROBLEMS, current_fraction=0.25)


def test_progress_is_a_plain_line_at_intervals(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PROGRESS_SECONDS", -1.0)
    with progress.show_progress("translating", quiet=False) as show_progress:
        show_progress(InferenceResult(10, PROBLEMS, done=3, skipped=1))
    assert "4 of 10 images, " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("counts", "line"),
    [
        (InferenceResult(10, PROBLEMS, done=4, skipped=1), "5 of 10 images, 50 s left"),
        (InferenceResult(10, PROBLEMS, skipped=1), "1 of 10 images"),
        (QUARTER_OF_AN_IMAGE, "0 of 1 images, 25% of image 1, 2 min left"),
    ],
)
def test_a_line_has_the_time_left_by_the_images_that_took_time(
    counts: InferenceResult, line: str
) -> None:
    assert progress._line(counts, 40.0) == line


def test_the_longer_a_command_runs_the_rarer_its_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 10_000, 5))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    with progress.show_progress("translating", quiet=False) as show_progress:
        for done in range(1999):
            show_progress(InferenceResult(2000, PROBLEMS, done=done))
    assert 40 < len(capsys.readouterr().out.splitlines()) < 70


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
