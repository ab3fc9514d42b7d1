"""The environment variables of torchrun are read, and errors explain inconsistent ones."""

import ast
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import translate
from translate.engine.processes.launch import Launch, read_launch, require_rendezvous
from translate.errors import ConfigError

NAMES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")


@pytest.fixture
def set_variables(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that sets variables of torchrun, and removes all others of `NAMES`."""

    def set_variables(**values: str) -> None:
        for name in NAMES:
            monkeypatch.delenv(name, raising=False)
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return set_variables


@pytest.fixture
def train(run_command: Callable[..., Any], image_folder: Callable[..., Any]) -> Callable[[], Any]:
    """Return a function that trains on two small domains with the command `train`."""
    for name in "ab":
        image_folder(f"datasets/{name}", 2)
    arguments = ("--plugin", "cyclegan", "--domains", "a", "b", "--steps", 1)
    return lambda: run_command("train", *arguments)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, Launch()),
        ({"RANK": "", "WORLD_SIZE": " "}, Launch()),
        ({"RANK": "1", "WORLD_SIZE": "4", "LOCAL_RANK": "3"}, Launch(1, 4, 3)),
        ({"RANK": "0", "WORLD_SIZE": "1"}, Launch()),
        ({"RANK": "0"}, Launch()),
        ({"WORLD_SIZE": "1"}, Launch()),
        ({"RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "-5"}, Launch(0, 2, 0)),
    ],
)
def test_a_consistent_launch_environment_is_accepted(
    variables: Mapping[str, str], expected: Launch, set_variables: Callable[..., None]
) -> None:
    set_variables(**variables)
    assert read_launch() == expected


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"RANK": "one", "WORLD_SIZE": "2"}, "RANK must be a number, and is 'one'"),
        ({"RANK": "0", "WORLD_SIZE": "2.0"}, "WORLD_SIZE must be a number"),
        ({"RANK": "0", "WORLD_SIZE": "0"}, "RANK must be from 0 to WORLD_SIZE - 1"),
        ({"RANK": "2", "WORLD_SIZE": "2"}, "RANK=2 and WORLD_SIZE=2"),
        ({"RANK": "-1", "WORLD_SIZE": "2"}, "RANK=-1"),
        ({"RANK": "0", "WORLD_SIZE": "-3"}, "WORLD_SIZE=-3"),
        ({"RANK": "1"}, "RANK is set, and WORLD_SIZE is not"),
        ({"WORLD_SIZE": "2"}, "WORLD_SIZE is set, and RANK is not"),
        ({"RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "x"}, "LOCAL_RANK must be a number"),
    ],
)
def test_an_inconsistent_launch_environment_is_a_one_line_error(
    variables: Mapping[str, str],
    message: str,
    set_variables: Callable[..., None],
    train: Callable[[], Any],
) -> None:
    set_variables(**variables)
    with pytest.raises(ConfigError, match=message) as error:
        read_launch()
    assert "unset " in str(error.value)
    result = train()
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("Error: ") and result.err.count("\n") == 1


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "MASTER_ADDR and MASTER_PORT are not set"),
        ({"MASTER_ADDR": "", "MASTER_PORT": "29500"}, "MASTER_ADDR is not set"),
        ({"MASTER_ADDR": "localhost", "MASTER_PORT": "many"}, "a number from 1 to 65535"),
        ({"MASTER_ADDR": "localhost", "MASTER_PORT": "70000"}, "a number from 1 to 65535"),
    ],
)
def test_a_missing_address_or_port_is_a_one_line_error(
    variables: Mapping[str, str],
    message: str,
    set_variables: Callable[..., None],
    train: Callable[[], Any],
) -> None:
    set_variables(RANK="0", WORLD_SIZE="2", **variables)
    with pytest.raises(ConfigError, match=message):
        require_rendezvous()
    result = train()
    assert result.code == 2 and message in result.err


def test_only_launch_reads_these_variables() -> None:
    """Two readers might interpret an empty variable differently."""
    for path in Path(str(translate.__file__)).parent.rglob("*.py"):
        if path.name != "launch.py":
            texts = {n.value for n in ast.walk(ast.parse(path.read_text()))
                     if isinstance(n, ast.Constant) and isinstance(n.value, str)}  # fmt: skip
            assert not texts & set(NAMES), path
