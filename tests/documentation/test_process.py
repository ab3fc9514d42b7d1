"""The page of exit codes and environment variables."""

import re

import pytest
from command_result import ROOT
from documentation import process


@pytest.fixture(scope="module")
def page() -> str:
    """Return the page."""
    (text,) = process.write().values()
    return text


def test_all_exit_codes_are_in_the_table(page: str) -> None:
    assert "| `0` | all done |" in page
    assert "| `129, 130, 143` | stopped by SIGHUP, SIGINT or SIGTERM, after a checkpoint |" in page
    assert len(re.findall(r"^\| `\d", page, re.MULTILINE)) == 8


def test_every_variable_that_the_program_reads_is_in_the_table(page: str) -> None:
    used = {
        name
        for path in (ROOT / "translate").rglob("*.py")
        for name in re.findall(r'"(TRANSLATE_[A-Z]+)"', path.read_text())
    }
    assert len(used) > 3
    assert not [name for name in used if f"| `{name}` |" not in page]
    assert (
        "| `TRANSLATE_CACHE` | folder of exported models and unpacked packs | ~/.cache/translate |"
        in page
    )
