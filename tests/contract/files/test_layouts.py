"""Each rule for layouts has a layout that breaks only this one."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from broken_layouts import BROKEN, LoadsATuple, ValidLayout
from command_result import CommandResult

from translate import hookimpl
from translate.batches import Layout
from translate.contract.kinds import RULES
from translate.errors import DataError
from translate.testing import check_layout

Register = Callable[[type[Layout]], None]


@pytest.fixture
def register(register_plugin: Callable[..., object]) -> Register:
    """Return a function that registers a layout as ``tested``."""

    def register_layout(layout: type[Layout]) -> None:
        hook = hookimpl(lambda: {"tested": layout}, specname="register_layouts")
        register_plugin(SimpleNamespace(register_layouts=hook))

    return register_layout


def test_a_valid_layout_passes(register: Register, image_folder: Any, tmp_path: Path) -> None:
    register(ValidLayout)
    check_layout("tested")
    image_folder("own/train", 3)
    check_layout("tested", data={"root": str(tmp_path), "domains": ["own"]})
    with pytest.raises(DataError, match="no folder for domain 'none'"):
        check_layout("tested", data={"root": str(tmp_path), "domains": ["none"]})


def test_every_rule_has_a_layout_that_breaks_it() -> None:
    assert [rule.__name__ for rule in RULES["layout"]] == list(BROKEN)


@pytest.mark.parametrize(
    ("rule", "layout", "message"),
    [(rule, *case) for rule, cases in BROKEN.items() for case in cases],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_layout_that_breaks_a_rule_gets_its_message(
    rule: str, layout: type[Layout], message: str, register: Register
) -> None:
    register(layout)
    (words,) = {(r.__doc__ or "") for r in RULES["layout"] if r.__name__ == rule}
    with pytest.raises(AssertionError) as error:
        check_layout("tested")
    assert message in str(error.value)
    assert str(error.value).startswith(words.partition("\n")[0])


def test_the_command_checks_layouts(
    register: Register, run_command: Callable[..., CommandResult]
) -> None:
    register(LoadsATuple)
    result = run_command("plugins", "check", "tested")
    assert result.code == 2
    assert "not a named tuple" in result.out
    unchecked = run_command("plugins", "check", "labelled")
    assert (unchecked.code, "give it a folder" in unchecked.out) == (0, True)
