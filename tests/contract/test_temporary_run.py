"""The temporary run of the contract has the files and events of a run."""

import json
import random

import pytest

from translate.contract.rules import RuleError
from translate.contract.temporary_run import STEPS, require_unchanged, temporary_run


def test_a_temporary_run_has_the_files_and_records_of_a_run() -> None:
    with temporary_run() as (run, calls):
        records = [arguments["record"] for _, arguments in calls if "record" in arguments]
        steps = [record.step for record in records]
        assert steps == [*range(1, STEPS + 1)]
        lines = (run.path / "log.jsonl").read_text().splitlines()
        assert [json.loads(line)["step"] for line in lines] == steps
        paths = [arguments["path"] for _, arguments in calls if "path" in arguments]
        assert paths and all(path.exists() for path in paths)
    assert not run.path.exists()


def no_place() -> None:
    """Name no line of a plugin in the message."""


def test_a_plugin_may_add_files_but_not_change_those_of_the_run_or_draw_random_numbers() -> None:
    with temporary_run() as (run, _):
        with require_unchanged(run.path, no_place):
            (run.path / "mine.txt").write_text("a plugin's own")
        raises_change = pytest.raises(RuleError, match=r"It changed log\.jsonl of the run")
        with raises_change, require_unchanged(run.path, no_place):
            (run.path / "log.jsonl").write_text("")
        raises_draw = pytest.raises(RuleError, match="the global generator of python")
        with raises_draw, require_unchanged(run.path, no_place):
            random.random()
