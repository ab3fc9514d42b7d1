"""The last lines of training: the outcome, and the next command."""

from pathlib import Path

import pytest

from translate.cli.messages.results import report
from translate.results import TrainingResult

RUN = Path("runs/my run")


@pytest.mark.parametrize(
    ("outcome", "lines"),
    [
        ({"timed_out": True}, ["time is up at step 4: translate train --resume 'runs/my run'"]),
        ({"signal": 2, "listed": 3}, ["stopped at step 4: translate train --resume 'runs/my run'"]),
        (
            {"reason": "enough"},
            ["stopped at step 4 (enough): translate train --resume 'runs/my run'"],
        ),
        (
            {"next_command": "translate infer x", "preview": RUN / "previews/4.png", "listed": 1},
            [
                "run: runs/my run, 4 steps",
                "preview: runs/my run/previews/4.png",
                "next: translate infer x",
                "1 listed in runs/my run/problems.jsonl",
            ],
        ),
        (
            {"next_command": "translate infer x@best", "plateau": "no improvement", "best": "kd 2"},
            [
                "stopped: no improvement",
                "run: runs/my run, 4 steps",
                "best: kd 2, runs/my run@best",
                "next: translate infer x@best",
            ],
        ),
        ({}, []),
    ],
)
def test_each_outcome_has_its_lines(
    outcome: dict[str, object], lines: list[str], messages: list[str]
) -> None:
    report(TrainingResult(RUN, 4, **outcome))  # type: ignore[arg-type]
    assert messages == lines
