"""Every row of the table of faults has a test that is named after it, or is known to be open.

The rows are those of the maintainers' table: D are data, T training, I inference over folders, G
plugins, F files exchanged between people.
"""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parent
ROWS = {
    f"{kind}{number}"
    for kind, count in {"D": 26, "T": 29, "I": 17, "G": 12, "F": 9}.items()
    for number in range(1, count + 1)
}
OPEN = {
    "D9": "huge pictures in tiles: there are no tiles yet",
    "I12": "an export that differs: there is no export yet",
}


def covered() -> set[str]:
    """Return the rows that tests are named after: ``test_D8_...``, ``test_P9_G1_...``."""
    return {
        row
        for path in TESTS.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
        for row in re.findall(r"(?<=_)[DTIGF]\d+(?=_)", node.name)
    }


def test_every_row_has_a_test_or_a_reason_why_not() -> None:
    assert covered() - ROWS == set(), "no such row"
    assert sorted(ROWS - covered() - OPEN.keys()) == []
    assert sorted(covered() & OPEN.keys()) == [], "open no more"
