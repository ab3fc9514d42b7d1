import click
from click.testing import CliRunner
from translate_hello import register_commands


def test_the_command_says_how_it_is_used():
    command = register_commands()["hello"]
    assert isinstance(command, click.Command)
    assert "mean absolute difference" in CliRunner().invoke(command, ["--help"]).output
