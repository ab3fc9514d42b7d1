"""Options that take several values, and shell completion without heavy modules."""

import os
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from subprocesses import run_python

from translate.cli.parameters.shared import MultiValueCommand, MultiValueOption


@click.command(cls=MultiValueCommand)
@click.option("--domains", cls=MultiValueOption, multiple=True)
@click.option("--colours", cls=MultiValueOption, multiple=True)
@click.option("--steps", type=int)
@click.option("--quiet", is_flag=True)
@click.argument("rest", nargs=-1)
def command(**options: object) -> None:
    click.echo({key: value for key, value in options.items() if value})


def parse(*arguments: str) -> object:
    """Return the options that `command` gets."""
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    return eval(result.output)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("--domains a b c", {"domains": ("a", "b", "c")}),
        ("--domains=a b", {"domains": ("a", "b")}),
        ("--domains=a", {"domains": ("a",)}),
        ("--domains a --domains b", {"domains": ("a", "b")}),
        ("--domains a b --steps 3", {"domains": ("a", "b"), "steps": 3}),
        ("--steps 3 --domains a b", {"domains": ("a", "b"), "steps": 3}),
        ("--domains a b --quiet --domains c", {"domains": ("a", "b", "c"), "quiet": True}),
        (
            "--domains a b --colours red --steps 1",
            {"domains": ("a", "b"), "colours": ("red",), "steps": 1},
        ),
        ("--domains a b -- c d", {"domains": ("a", "b"), "rest": ("c", "d")}),
        ("c --domains a", {"domains": ("a",), "rest": ("c",)}),
        ("--domains=-a b", {"domains": ("-a", "b")}),
        ("", {}),
    ],
)
def test_an_option_takes_all_values_up_to_the_next_option(arguments: str, expected: object) -> None:
    assert parse(*arguments.split()) == expected


@pytest.mark.parametrize(
    "arguments", ["--domains", "--domains --steps 3", "--domains --quiet", "--quiet --domains"]
)
def test_an_option_without_a_value_is_a_usage_error(arguments: str) -> None:
    result = CliRunner().invoke(command, arguments.split())
    assert result.exit_code == 2
    assert "Option '--domains' requires an argument." in result.output


def completions(folder: Path, words: str) -> tuple[set[str], set[str]]:
    """Return the completions of the last word of a command line, and the imported modules."""
    code = (
        "import sys, atexit\n"
        "atexit.register(lambda: print('\\n'.join(m for m in sys.modules if '.' not in m), "
        "file=sys.stderr))\n"
        "from translate.cli import main, cli\n"
        "cli.main(prog_name='translate')\n"
    )
    environment = {
        **os.environ,
        "_TRANSLATE_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    result = run_python(code, cwd=folder, env=environment)
    candidates = {line.partition(",")[2] for line in result.stdout.splitlines()}
    return candidates, set(result.stderr.splitlines())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("translate train --plugin ", {"cyclegan", "pix2pix"}),
        ("translate train --plugin pix", {"pix2pix"}),
        ("translate train --config ", {"cyclegan-small"}),
        ("translate train --domains ", {"summer", "winter"}),
        ("translate train --domains summer w", {"winter"}),
        ("translate train --domains summer ", {"winter"}),
        ("translate show pix", {"pix2pix"}),
    ],
)
def test_completion_offers_names_without_importing_torch(
    words: str, expected: set[str], tmp_path: Path
) -> None:
    for name in ("summer", "winter", ".hidden"):
        (tmp_path / "datasets" / name).mkdir(parents=True)
    candidates, modules = completions(tmp_path, words)
    assert candidates >= expected
    assert ".hidden" not in candidates
    assert "click" in modules
    assert not modules & {"torch", "numpy", "pydantic", "kornia", "cv2", "albumentations", "rich"}
