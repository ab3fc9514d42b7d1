"""A problem is one line of `problems.jsonl`."""

import json
from pathlib import Path

from translate.engine.disk.records.problems import Problem
from translate.errors import BadImage


def test_D14_a_problem_is_one_ascii_line_for_any_name() -> None:
    problem = Problem.of(BadImage(Path("bad\udcff\n写.png"), "why"), "check")
    line = json.dumps(problem.record())
    assert line.isascii()
    assert "\n" not in line
    assert json.loads(line) == {
        "path": "bad\udcff\n写.png", "stage": "check", "reason": "unreadable", "message": "why",
    }  # fmt: skip
