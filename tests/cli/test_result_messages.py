"""The last lines of training say how it ended and what to type next."""

from pathlib import Path

import pytest

from translate.cli.result_messages import report
from translate.results import TrainingResult

RUN = Path("runs/my run")


@pytest.mark.parametrize(
    ("facts", "lines"),
    [
        ({"late": True}, ["time is up at step 4: translate train --resume 'runs/my run'"]),
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
        ({}, []),
    ],
)
def test_each_end_has_its_lines(
    facts: dict[str, object], lines: list[str], messages: list[str]
) -> None:
    report(TrainingResult(RUN, 4, **facts))  # type: ignore[arg-type]
    assert messages == lines
