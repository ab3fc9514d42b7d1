"""Pieces of Markdown."""

from documentation import markup


def test_only_text_outside_of_backticks_is_escaped() -> None:
    assert markup.escape("a < b, `a < b`, ``c < d``") == "a &lt; b, `a < b`, ``c < d``"
    assert markup.escape("{width: 8}, `{width: 8}`") == "&#123;width: 8}, `{width: 8}`"


def test_the_text_of_a_cell_is_one_line_and_its_vertical_bars_are_escaped() -> None:
    assert markup.cell("one\n two | `x | y`") == "one two \\| `x | y`"


def test_a_table_has_a_line_for_each_row_and_is_empty_without_rows() -> None:
    assert markup.table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |\n"
    assert markup.table(("a", "b"), []) == ""


def test_code_that_holds_a_backtick_has_a_longer_fence() -> None:
    assert markup.code("a`b") == "``a`b``"
    assert markup.code("") == ""
