"""Help texts have every option with its default, and examples that work as printed."""

import re
import shlex
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import pytest
import small_checkpoints
from parsed_command import all_commands, parse_command

from translate.cli import COMMANDS
from translate.engine.config import layers

Run = Callable[..., Any]
QUICK = ("show", "plugins", "infer", "sample", "doctor", "datasets", "datasets check")
"""commands with examples that take seconds in `example_folder`"""


COMMANDS_BY_NAME = dict(all_commands())


def examples(name: str) -> list[list[str]]:
    """Return the examples in the help of a command, each as words without `translate`."""
    lines = re.findall(r"^ *translate ([a-z].*)$", COMMANDS_BY_NAME[name].help or "", re.MULTILINE)
    return [shlex.split(line.partition(" > ")[0]) for line in lines]


@pytest.mark.parametrize("name", COMMANDS_BY_NAME)
def test_every_option_has_its_meaning_its_metavar_and_its_default(name: str) -> None:
    for option in COMMANDS_BY_NAME[name].params:
        if not isinstance(option, click.Option):
            continue
        flag = option.opts[-1]
        assert option.help, flag
        if not option.is_flag:
            has_choices = isinstance(option.type, click.Choice)
            assert option.metavar or has_choices, f"{flag} has neither a metavar nor choices"
            has_default = option.show_default or re.search(r"\[[^]]+\]$", option.help)
            assert option.required or option.multiple or has_default, f"{flag} shows no default"


@pytest.mark.parametrize("name", COMMANDS_BY_NAME)
def test_every_command_has_help_with_two_examples_that_are_parsed(
    name: str, run_command: Run
) -> None:
    result = run_command(*name.split(), "--help")
    assert (result.code, result.out[:7]) == (0, "Usage: ")
    lines = examples(name)
    assert len(lines) >= 2
    for words in lines:
        parse_command(words)


def test_configurations_and_recipes_of_examples_exist() -> None:
    for words in examples("train"):
        arguments = dict(pairwise(words))
        if "--config" in arguments or "--plugin" in arguments:
            flags = {"data.domains": ["a", "b"]}
            layers.resolve(arguments.get("--plugin"), config=arguments.get("--config"), flags=flags)


@pytest.fixture(scope="module")
def example_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create the runs and folders that examples name."""
    from translate.images.encode import write_image
    from translate.nn.noise import temporary_seed

    root = tmp_path_factory.mktemp("examples")
    with temporary_seed(0):
        small_checkpoints.cyclegan(root / "runs/cyclegan-summer-winter")
        small_checkpoints.gan(root / "runs/dcgan-digits")
        small_checkpoints.gan(root / "runs/cgan-digits", "cgan", classes=tuple("0123456789"))
    import numpy as np

    for split in (
        "summer/train",
        "summer/test",
        "winter/train",
        "winter/test",
        "blurred/train",
        "sharp/train",
    ):
        for index in range(2):
            pixels = np.full((32, 32, 3), 40 * index + len(split), np.uint8)
            write_image(root / "datasets" / split / f"{index:04}.png", pixels)
    for side in ("in", "out"):
        write_image(root / f"datasets/photos/train/1_{side}.png", np.zeros((32, 32, 3), np.uint8))
    return root


@pytest.mark.parametrize("name", QUICK)
def test_examples_that_take_seconds_work_as_printed(
    name: str, example_folder: Path, run_command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(example_folder)
    for words in examples(name):
        if words[:2] in (["datasets", "draw"], ["datasets", "fetch"]):
            continue  # these generate hundreds of images, or need a network
        if words[:2] == ["plugins", "check"]:
            continue  # tests/plugins/test_recipes.py checks the contract
        extra = ["--count", "2"] if words[0] == "sample" else []
        result = run_command(*words, *extra)
        assert result.code in (0, 2 if words[0] == "doctor" else 0), (words, result.err)


def test_the_program_lists_its_commands_and_exit_codes(run_command: Run) -> None:
    text = run_command("--help").out
    for name in COMMANDS:
        (line,) = re.findall(rf"^  {name} +(.+)$", text, re.MULTILINE)
        assert len(line.split()) > 3
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    sentence = readme.partition("Exit codes: ")[2].partition("\n\n")[0]
    codes = re.findall(r"\d+", sentence)
    assert len(codes) > 8
    assert {*codes} <= {*re.findall(r"\d+", text.partition("Exit codes:")[2])}


@pytest.mark.parametrize("group", ["", "datasets", "plugins"])
def test_the_line_of_each_command_is_whole(group: str, run_command: Run) -> None:
    text = run_command(*group.split(), "--help").out
    commands = re.findall(r"^  [a-z]+ {2,}(.+)$", text.partition("Commands:")[2], re.MULTILINE)
    assert len(commands) >= 3
    assert [line for line in commands if line.endswith("...")] == []


def test_help_names_the_command_that_lists_all_names(run_command: Run) -> None:
    text = run_command("train", "--help").out
    assert "translate show` lists recipes, configurations, layouts" in text
    assert "`translate show` lists all" in text
