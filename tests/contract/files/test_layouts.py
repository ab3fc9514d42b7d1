"""The check of a layout reports which rule the layout breaks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from broken_layouts import BROKEN_LAYOUTS, LoadsATuple, ValidLayout
from command_result import CommandResult
from valid_recipe import register_parts

from translate.batches import Layout
from translate.contract.kinds import RULES
from translate.errors import DataError
from translate.testing import check_layout


def test_a_valid_layout_keeps_the_rules(register_plugin, image_folder: Any, tmp_path: Path) -> None:
    register_parts(register_plugin, layouts={"tested": ValidLayout})
    check_layout("tested")
    image_folder("own/train", 3)
    check_layout("tested", data={"root": str(tmp_path), "domains": ["own"]})
    with pytest.raises(DataError, match="no folder for domain 'none'"):
        check_layout("tested", data={"root": str(tmp_path), "domains": ["none"]})


def test_every_rule_has_a_layout_that_breaks_it() -> None:
    assert [rule.__name__ for rule in RULES["layout"]] == list(BROKEN_LAYOUTS)


@pytest.mark.parametrize(
    ("rule", "layout", "message"),
    [(rule, *case) for rule, cases in BROKEN_LAYOUTS.items() for case in cases],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_layout_that_breaks_a_rule_gets_its_message(
    rule: str, layout: type[Layout], message: str, register_plugin
) -> None:
    register_parts(register_plugin, layouts={"tested": layout})
    (docstring,) = (str(r.__doc__) for r in RULES["layout"] if r.__name__ == rule)
    with pytest.raises(AssertionError) as error:
        check_layout("tested")
    assert message in str(error.value)
    assert str(error.value).startswith(docstring.partition("\n")[0])


def test_the_command_checks_layouts(
    register_plugin, run_command: Callable[..., CommandResult]
) -> None:
    register_parts(register_plugin, layouts={"tested": LoadsATuple})
    result = run_command("plugins", "check", "tested")
    assert result.code == 2
    assert "not a named tuple" in result.out
    result = run_command("plugins", "check", "labelled")
    assert result.code == 0
    assert "give it a folder" in result.out
