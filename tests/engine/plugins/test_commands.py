"""Commands of plugins are listed and run; a warning names a plugin that fails."""

from pathlib import Path
from textwrap import dedent

import pytest
from subprocesses import run_python

from translate.cli import COMMANDS
from translate.engine.plugins import discovery
from translate.engine.plugins.commands import plugin_commands

GREET = dedent("""
    import click
    from translate import hookimpl

    @click.command()
    @click.argument("name")
    def greet(name):
        "Greet NAME."
        if name == "nobody":
            raise ZeroDivisionError("nobody")
        click.echo(f"hello, {name}")
        return 3 if name == "three" else None

    @hookimpl
    def register_commands():
        return {"greet": greet}
""")


def test_a_command_is_listed_by_distribution_and_run(install, run_command) -> None:
    install("friends", GREET)
    help_text = run_command("--help").out
    assert "Commands of friends:\n  greet  " in help_text.replace("greet     ", "greet  ")
    assert help_text.index("doctor") < help_text.index("Commands of friends")
    assert run_command("greet", "you")[:2] == (0, "hello, you\n")
    assert run_command("greet", "three").code == 3
    assert "Usage: " in run_command("greet").err
    output = run_command("plugins").out
    assert "commands        greet" in output
    assert "translate greet --help" in run_command("show", "greet").out
    assert "Greet NAME." in run_command("show", "--kind", "command").out


def test_a_command_that_raises_names_its_plugin(
    install, run_command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TRANSLATE_DEBUG", "0")
    monkeypatch.chdir(tmp_path)  # the traceback is in a file
    module = install("friends", GREET)
    result = run_command("greet", "nobody")
    assert result.code == 2
    assert "ZeroDivisionError: nobody" in result.err and f"{module}.py" in result.err


def test_plugins_without_commands_are_not_imported_for_help(install, run_command) -> None:
    install("without-commands", "raise RuntimeError('imported')")
    install("friends", GREET)
    result = run_command("--help")
    assert result.code == 0 and "greet" in result.out and not result.err
    assert not discovery.skipped


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (GREET.replace('{"greet"', '{"train"'), "'train' is translate's own: choose another name"),
        (GREET.replace('{"greet"', '{"a b"'), "'a b' is not a command name"),
        (GREET.replace('"greet": greet', '"greet": len'), "expected a click.Command"),
        (GREET.replace("return {", "return 7 + {"), "TypeError"),
        (GREET + "\nimport nothing_like_it\n", "ModuleNotFoundError"),
        (GREET.replace("def register_commands()", "def register_commands(run)"), "argument 'run'"),
    ],
)
def test_a_plugin_with_wrong_commands_is_named_and_other_commands_work(
    install, run_command, code: str, message: str
) -> None:
    install("broken", code)
    install("friends", GREET)
    help_result = run_command("--help")
    assert help_result.code == 0 and "Commands of friends" in help_result.out
    assert "Commands of broken" not in help_result.out
    assert help_result.err.count("Warning") == 1
    assert "broken" in help_result.err and message in help_result.err
    assert run_command("greet", "you").out == "hello, you\n"
    result = run_command("plugins")
    assert "broken 1.5" in result.out and message in result.out


def test_two_commands_of_one_name_get_the_names_of_their_distributions(
    install, run_command
) -> None:
    install("friends", GREET)
    install("enemies", GREET.replace("hello,", "go away,"))
    assert list(plugin_commands(COMMANDS)) == ["enemies/greet", "friends/greet"]
    assert run_command("enemies/greet", "you").out == "go away, you\n"
    assert run_command("greet", "you").code == 2


def test_help_imports_no_torch_where_a_plugin_has_a_command() -> None:
    code = "import sys; from translate.cli import cli; from click.testing import CliRunner; "
    code += "CliRunner().invoke(cli, ['--help']); sys.exit('torch' in sys.modules)"
    run_python(code)
