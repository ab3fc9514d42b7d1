import click
from click.testing import CliRunner
from translate_hello import register_commands


def test_the_help_describes_the_command():
    command = register_commands()["hello"]
    assert isinstance(command, click.Command)
    assert "mean absolute difference" in CliRunner().invoke(command, ["--help"]).output
