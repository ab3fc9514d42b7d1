"""The command as a whole: help is quick, mistakes are one line."""

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import translate as package
from translate import cli
from translate.cli import COMMANDS

Run = Callable[..., Any]
HEAVY = ("torch", "numpy", "pydantic", "PIL", "cv2", "kornia", "rich", "ruamel", "albumentations")


def modules(*arguments: str) -> set[str]:
    """Return the modules that a command imports."""
    code = (
        "import sys\nfrom translate.cli import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit as end: assert not end.code\n"
        "print('\\n'.join(m for m in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    return set(done.stderr.splitlines())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["train", "--help"]])
def test_help_and_version_import_nothing_heavy(arguments: list[str]) -> None:
    assert not modules(*arguments) & set(HEAVY)


def test_help_starts_fast() -> None:
    command = [sys.executable, "-m", "translate", "--help"]
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True)
        times.append(time.perf_counter() - begun)
    assert min(times) <= 0.5  # 0.25 on an idle machine, of which Python itself has a part


def test_the_version_is_the_packages(run_command: Run) -> None:
    assert run_command("--version").out.strip() == f"translate, version {package.__version__}"


@pytest.mark.parametrize("name", [None, *COMMANDS])
def test_every_command_has_help_with_two_examples(name: str | None, run_command: Run) -> None:
    found = run_command(*([name] if name else []), "--help")
    assert found.code == 0
    assert found.out.startswith("Usage: ")
    examples = re.findall(r"^ *(translate [a-z].*)$", found.out, re.MULTILINE)
    assert len(examples) >= 2, found.out


def test_short_help_is_help(run_command: Run) -> None:
    assert run_command("-h").out == run_command("--help").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["trian"], "No such command 'trian'"),
        (["train", "--stesp", "3"], "No such option"),
        (["train", "--steps", "many"], "'many' is not a valid integer"),
        (["show", "--kind", "model"], "'model' is not one of 'recipe', 'configuration'"),
    ],
)
def test_a_mistyped_command_is_a_usage_error(
    arguments: list[str], said: str, run_command: Run
) -> None:
    found = run_command(*arguments)
    assert found.code == 2
    assert said in found.err
    assert "Traceback" not in found.err


def test_python_m_translate_is_the_command(run_subprocess: Run) -> None:
    done = run_subprocess("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert "version" in done.stdout
    done = run_subprocess("show", "cyclgan")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "Error: no recipe, part, configuration or run is called 'cyclgan'. "
        "Did you mean 'cyclegan'? `translate show` lists all names.\n"
    )


def test_an_interruption_before_training_is_exit_130(
    run_command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from translate.cli import show

    def interrupt(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(show, "describe", interrupt)
    found = run_command("show", "cyclegan")
    assert (found.code, found.out, found.err.strip()) == (130, "", "")


def test_every_command_is_a_module_of_its_name() -> None:
    folder = Path(cli.__file__).parent
    assert {p.stem for p in folder.glob("*.py")} >= set(COMMANDS)
