"""Commands of plugins are listed and run; one that fails is named, and the rest works."""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

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
SILENT = """
raise RuntimeError("imported")
"""


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
    outcome = run_command("greet", "nobody")
    assert outcome.code == 2
    assert "ZeroDivisionError: nobody" in outcome.err and f"{module}.py" in outcome.err


def test_plugins_without_commands_are_not_imported_for_help(install, run_command) -> None:
    install("silent", SILENT)
    install("friends", GREET)
    outcome = run_command("--help")
    assert outcome.code == 0 and "greet" in outcome.out and not outcome.err
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
def test_a_plugin_that_fails_is_named_and_the_rest_works(
    install, run_command, code: str, message: str
) -> None:
    install("broken", code)
    install("friends", GREET)
    outcome = run_command("--help")
    assert outcome.code == 0 and "Commands of friends" in outcome.out
    assert "Commands of broken" not in outcome.out
    assert outcome.err.count("Warning") == 1
    assert "broken" in outcome.err and message in outcome.err
    assert run_command("greet", "you").out == "hello, you\n"
    result = run_command("plugins")
    assert "broken 1.5" in result.out and message in result.out


def test_of_two_plugins_with_one_name_each_is_run_by_its_distribution(install, run_command) -> None:
    install("friends", GREET)
    install("enemies", GREET.replace("hello,", "go away,"))
    assert list(plugin_commands(COMMANDS)) == ["enemies/greet", "friends/greet"]
    assert run_command("enemies/greet", "you").out == "go away, you\n"
    assert run_command("greet", "you").code == 2


def test_help_imports_no_torch_where_a_plugin_has_a_command() -> None:
    code = "import sys; from translate.cli import cli; from click.testing import CliRunner; "
    code += "CliRunner().invoke(cli, ['--help']); sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
