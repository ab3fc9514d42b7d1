"""Every row of docs/faults.md has a test with its number in the name, or is marked as open."""

import re
from collections import Counter

import pytest
from command_result import ROOT

PAGE = ROOT / "docs/faults.md"
TESTS = ROOT / "tests"


def rows() -> dict[str, str]:
    """Return the rows of the page with the name of their test, or ``open``."""
    table = re.findall(r"^\| ([A-Z]\d+) \|.*\| ([^|]+) \|$", PAGE.read_text(), re.MULTILINE)
    assert len(table) == len(dict(table)), "a row occurs twice"
    return {row: test.strip("`") for row, test in table}


def index_tests() -> dict[str, set[str]]:
    """Return the tests that are named after each row: ``test_D8_...``, ``test_T23_G10_...``."""
    tests_by_row: dict[str, set[str]] = {}
    for path in TESTS.rglob("test_*.py"):
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE):
            for row in re.findall(r"(?<=_)[A-Z]\d+(?=_)", name):
                tests_by_row.setdefault(row, set()).add(name)
    return tests_by_row


ROWS, TESTS_BY_ROW = rows(), index_tests()


def test_tests_are_named_after_rows_of_the_page() -> None:
    assert TESTS_BY_ROW.keys() - ROWS.keys() == set()


def test_the_rows_of_each_section_are_numbered_without_gaps() -> None:
    counts = Counter(row[0] for row in ROWS)
    expected = {"D": 26, "T": 29, "I": 17, "G": 12, "F": 9, "S": 9, "V": 12, "R": 7, "P": 14}
    assert counts == expected
    assert all(f"{kind}{n}" in ROWS for kind in counts for n in range(1, counts[kind] + 1))


@pytest.mark.parametrize("row", ROWS)
def test_a_row_names_one_of_its_tests_or_is_open(row: str) -> None:
    if ROWS[row] == "open":
        assert row not in TESTS_BY_ROW, (
            f"{PAGE.name}: name one of {sorted(TESTS_BY_ROW[row])} in row {row}"
        )
    else:
        known_tests = sorted(TESTS_BY_ROW.get(row, ()))
        assert ROWS[row] in known_tests, f"{PAGE.name}: row {row} should name one of {known_tests}"
