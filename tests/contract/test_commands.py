"""A command that breaks a rule of the contract is named with what to change."""

import importlib
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from translate.testing import check_command

SOUND = """
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
def module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, register_plugin: Callable[..., object]
) -> Callable[[str], str]:
    """Import and register a module with this code; return the path of its file."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(code: str) -> str:
        name = f"{tmp_path.name}_command".replace("-", "_")
        path = tmp_path / f"{name}.py"
        path.write_text(dedent(code))
        register_plugin(importlib.import_module(name), "other:tested")
        return str(path)

    return write


def test_a_sound_command_keeps_the_rules(module: Any, run_command: Any) -> None:
    module(SOUND)
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
def test_a_command_that_breaks_a_rule_is_named_with_what_to_change(
    old: str, new: str, message: str, module: Any
) -> None:
    path = module(SOUND.replace(old, new, 1))
    with pytest.raises(AssertionError, match=message) as error:
        check_command("tested")
    assert f"{path}, line " in str(error.value)
