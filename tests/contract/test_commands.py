"""The check of a plugin's command reports which rule the command breaks, and what to change."""

import importlib
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from translate.testing import check_command

VALID_COMMAND = """
    import click
    from translate import hookimpl

    @click.command()
    @click.option("--loud", is_flag=True, help="Print in capitals.")
    def greet(loud):
        "Greet."
        import torch

    @hookimpl
    def register_commands():
        return {"tested": greet}
"""


@pytest.fixture
def write_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, register_plugin
) -> Callable[[str], str]:
    """Return a function that writes code to a module, registers it, and returns its path."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(code: str) -> str:
        name = f"{tmp_path.name}_command".replace("-", "_")
        path = tmp_path / f"{name}.py"
        path.write_text(dedent(code))
        register_plugin(importlib.import_module(name), "other:tested")
        return str(path)

    return write


def test_a_valid_command_keeps_the_rules(write_module: Any, run_command: Any) -> None:
    write_module(VALID_COMMAND)
    check_command("tested")
    checked = run_command("plugins", "check", "tested")
    assert (checked.code, checked.err) == (0, "")
    assert [line[:10] for line in checked.out.splitlines()] == ["command te", *["  ok      "] * 2]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"Greet."', "pass", "Its function has no docstring"),
        (', help="Print in capitals."', "", "--loud has no help"),
        ("import click\n", "import click, torch\n", "imports torch: import slow modules inside"),
    ],
)
def test_the_message_for_a_broken_rule_has_the_line_of_the_command_and_the_fix(
    old: str, new: str, message: str, write_module: Any
) -> None:
    path = write_module(VALID_COMMAND.replace(old, new, 1))
    with pytest.raises(AssertionError, match=message) as error:
        check_command("tested")
    assert f"{path}, line " in str(error.value)
