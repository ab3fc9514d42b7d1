"""The gallery's table of recipes."""

import pytest
from documentation import gallery

from translate.registry import names


def test_the_table_of_the_page_is_up_to_date() -> None:
    text = gallery.PAGE.read_text()
    assert gallery.up_to_date(text) == text, "run `make fix`"
    rows = [line for line in gallery.table().splitlines() if line.startswith("| `")]
    assert len(rows) == len(names("recipe"))


def test_a_row_has_the_task_and_the_paper_of_a_recipe() -> None:
    name, summary, paper, command, image = gallery.row("cut", "translate train --config cut-small")
    assert (name, paper) == ("`cut`", "Park et al., 2020") and "contrastive" in summary
    assert command == "`translate train --config cut-small`" and image.endswith("cut.jpg)")


def test_a_page_without_the_lines_that_enclose_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="expected the lines"):
        gallery.up_to_date("# Gallery")
