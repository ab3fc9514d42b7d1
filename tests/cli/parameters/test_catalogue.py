"""All names, by kind, each with a summary."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from translate.cli.parameters import catalogue

Run = Callable[..., Any]


@pytest.mark.slow
def test_every_name_of_the_list_can_be_shown(run_command: Run) -> None:
    for entry in json.loads(run_command("show", "--json").out):
        if entry["kind"] not in ("configuration", "recipe"):
            result = run_command("show", entry["name"], "--kind", entry["kind"])
            assert (result.code, result.err) == (0, "")
            assert f"\nname: {entry['name']}\n" in result.out
            assert entry["summary"] in result.out


def test_every_kind_has_a_heading_and_names() -> None:
    kinds = [entry.kind for entry in catalogue.entries()]
    assert list(dict.fromkeys(kinds)) == [kind for kind in catalogue.TITLES if kind in kinds]


def test_a_summary_is_the_first_line_of_the_docstring() -> None:
    def factory() -> None:
        """Make nothing.

        Really.
        """

    class UndocumentedError(Exception):
        __doc__ = None

    assert catalogue.summary(factory) == "Make nothing."
    assert catalogue.summary(partial(factory)) == "Make nothing."
    assert catalogue.summary(UndocumentedError) == ""
