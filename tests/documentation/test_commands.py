"""Pages of commands."""

import click
from documentation import commands

TEXT = """Cut NAME into two
parts.

\b
Examples:
  translate tool cut A"""


@click.group()
def tool() -> None:
    """Do things."""


@tool.command(help=TEXT)
@click.option("--size", type=click.IntRange(1), metavar="N", help="Pixels of a side. [default: 64]")
@click.option("--quiet", is_flag=True, help="Print <nothing>.")
@click.argument("name")
def cut(name: str, size: int, quiet: bool) -> None:
    """Cut NAME."""


def test_a_page_has_the_usage_text_examples_and_options_of_every_subcommand() -> None:
    page = commands.page("tool", tool)
    assert page.startswith("# `translate tool` {#translate-tool}")
    assert "**Examples**\n\n```\ntranslate tool cut A\n```" in page
    assert "## `translate tool cut` {#translate-tool-cut}" in page
    assert "```\ntranslate tool cut [OPTIONS] NAME\n```" in page
    assert "Cut NAME into two parts.\n" in page
    assert "| `--size N` | 64 | Pixels of a side. |" in page
    assert "| `--quiet` |  | Print &lt;nothing>. |" in page


def test_every_command_has_a_page_and_every_option_a_row() -> None:
    from translate.cli import COMMANDS

    pages = commands.write()
    assert {f"reference/commands/{name}.md" for name in (*COMMANDS, "index")} == set(pages)
    assert "| `--max-time TIME` | no limit | Time limit" in pages["reference/commands/train.md"]
    assert "`translate datasets check`" in pages["reference/commands/datasets.md"]
