"""Options of training that exclude each other are refused with what to type."""

from pathlib import Path
from typing import Any

import pytest

from translate.engine.training.request import TrainingRequest
from translate.errors import ConfigError


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resume": "run", "plugin": "x", "out": Path("y")}, "leave out --plugin, --out."),
        ({"resume": "run", "init": Path("x")}, "takes all settings from the run: leave out --init"),
        ({"resume": Path("run"), "config": "x", "fork_run": True}, "leave out --config."),
        ({"resume": Path("auto"), "config": {}}, "leave out --config."),
        ({"fork_run": True}, "--fork-run is only for --resume: add --resume RUN, or leave out"),
        ({"init": Path("x"), "accept_data_change": True}, "--accept-data-change is only for"),
        ({"flags": {"train.steps": 3, "train.epochs": 1}}, "both set the length of training"),
        ({"resume": "auto"}, "continues the run in --out, or starts it: add --out DIR."),
        ({"resume": "auto", "out": Path("run"), "fork_run": True}, "needs --resume RUN, got"),
    ],
)
def test_options_that_exclude_each_other_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TrainingRequest(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"plugin": "x", "out": Path("run"), "init": Path("other")},
        {"resume": "run", "accept_data_change": True},
        {"flags": {"train.steps": None, "train.epochs": 1}},
        {"resume": "run", "fork_run": True, "out": Path("fork")},
        {"resume": "auto", "plugin": "x", "out": Path("run"), "accept_data_change": True},
    ],
)
def test_options_that_suit_each_other_are_accepted(options: dict[str, Any]) -> None:
    assert TrainingRequest(**options).dry_run is False
