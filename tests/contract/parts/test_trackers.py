"""The check of a tracker reports the rule that the tracker breaks; built-in trackers keep all."""

import random
from pathlib import Path
from typing import Any

import pytest
from valid_recipe import register_parts

from translate.run import LogRecord, Run
from translate.testing import check_tracker


class ValidTracker:
    """A tracker that keeps the rules."""

    def __init__(self, *, label: str = "") -> None:
        self.label = label

    def start(self, run: Run, step: int) -> None:
        (run.path / "mine.txt").write_text(f"{self.label} {step}")

    def log(self, record: LogRecord) -> None:
        assert record.losses

    def preview(self, step: int, path: Path) -> None:
        assert path.is_file() and step

    def finish(self, outcome: str) -> None:
        assert outcome

    def close(self) -> None:
        pass


class ReadsInTheConstructor(ValidTracker):
    def __init__(self) -> None:
        self.text = (Path(__file__).parents[3] / "pyproject.toml").read_text()


class LacksMethods:
    def start(self, run: Run, step: int) -> None:
        pass

    def log(self, record: LogRecord) -> None:
        pass


class RoundsLosses(ValidTracker):
    def log(self, record: LogRecord) -> None:
        _ = {name: round(value) for name, value in record.losses.items()}


class RewritesTheConfig(ValidTracker):
    def start(self, run: Run, step: int) -> None:
        (run.path / "config.yaml").write_text(f"step: {step}")


class DrawsRandomNumbers(ValidTracker):
    def log(self, record: LogRecord) -> None:
        _ = random.random() * record.step


class CannotCloseBeforeStart(ValidTracker):
    def start(self, run: Run, step: int) -> None:
        self.file = (run.path / f"mine-{step}.txt").open("w")

    def close(self) -> None:
        self.file.close()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["csv", "tensorboard"])
def test_built_in_trackers_keep_the_rules(name: str) -> None:
    check_tracker(name)


def test_a_valid_tracker_keeps_the_rules(register_plugin) -> None:
    register_parts(register_plugin, trackers={"tested": ValidTracker})
    check_tracker("tested", label="x")


@pytest.mark.parametrize(
    ("tracker", "message"),
    [
        (ReadsInTheConstructor, "Read no file and open no connection .*pyproject"),
        (LacksMethods, "There is no method preview or finish or close"),
        (RoundsLosses, "ValueError: cannot convert float NaN to integer"),
        (RewritesTheConfig, "It changed config.yaml of the run: write your own files"),
        (DrawsRandomNumbers, "It drew from the global generator of python: use your own"),
        (CannotCloseBeforeStart, "Close without errors if `start` .*no attribute 'file'"),
    ],
)
def test_a_tracker_that_breaks_a_rule_gets_its_message(
    tracker: Any, message: str, register_plugin
) -> None:
    register_parts(register_plugin, trackers={"tested": tracker})
    with pytest.raises(AssertionError, match=message) as error:
        check_tracker("tested")
    assert "test_trackers.py, line " in str(error.value) or tracker is LacksMethods
