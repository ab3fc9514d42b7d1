"""A tracker that breaks a rule of the contract is named with its line; ours keep all of them."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from translate import hookimpl
from translate.run import LogRecord, Run
from translate.testing import check_tracker

Plugin = Callable[..., object]


class Sound:
    """A tracker that keeps the rules."""

    def __init__(self, *, label: str = "") -> None:
        self.label = label

    def started(self, run: Run, step: int) -> None:
        (run.path / "mine.txt").write_text(f"{self.label} {step}")

    def logged(self, record: LogRecord) -> None:
        assert record.losses

    def preview(self, step: int, path: Path) -> None:
        assert path.is_file() and step

    def finished(self, outcome: str) -> None:
        assert outcome

    def close(self) -> None:
        pass


class OpensEarly(Sound):
    def __init__(self) -> None:
        self.text = (Path(__file__).parents[2] / "pyproject.toml").read_text()


class Incomplete:
    def started(self, run: Run, step: int) -> None:
        pass

    def logged(self, record: LogRecord) -> None:
        pass


class Rounds(Sound):
    def logged(self, record: LogRecord) -> None:
        _ = {name: round(value) for name, value in record.losses.items()}


class Rewrites(Sound):
    def started(self, run: Run, step: int) -> None:
        (run.path / "config.yaml").write_text(f"step: {step}")


class Draws(Sound):
    def logged(self, record: LogRecord) -> None:
        _ = random.random() * record.step


class ClosesWhatItHasNot(Sound):
    def started(self, run: Run, step: int) -> None:
        self.file = (run.path / f"mine-{step}.txt").open("w")

    def close(self) -> None:
        self.file.close()


def offer(register_plugin: Plugin, tracker: Any) -> None:
    class Offer:
        @hookimpl
        def register_trackers(self) -> Any:
            return {"tested": tracker}

    register_plugin(Offer(), "stranger:tested")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["csv", "tensorboard"])
def test_our_trackers_keep_the_rules(name: str) -> None:
    check_tracker(name)


def test_a_sound_tracker_keeps_the_rules(register_plugin: Plugin) -> None:
    offer(register_plugin, Sound)
    check_tracker("tested", label="x")


@pytest.mark.parametrize(
    ("tracker", "said"),
    [
        (OpensEarly, "Read no file and no network in a constructor.*pyproject"),
        (Incomplete, "There is no method preview or finished or close"),
        (Rounds, "ValueError: cannot convert float NaN to integer"),
        (Rewrites, "It changed config.yaml of the run: write files of your own"),
        (Draws, "It drew from the global generator of python: use a generator of your own"),
        (ClosesWhatItHasNot, "Close also where `started` was not called.*no attribute 'file'"),
    ],
)
def test_a_tracker_that_breaks_a_rule_is_named_with_what_to_change(
    tracker: Any, said: str, register_plugin: Plugin
) -> None:
    offer(register_plugin, tracker)
    with pytest.raises(AssertionError, match=said) as caught:
        check_tracker("tested")
    assert "test_trackers.py, line " in str(caught.value) or tracker is Incomplete
