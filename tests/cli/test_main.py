"""The command `translate`: help is printed quickly, and a mistake is one line."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from subprocesses import run_python

import translate as package
from translate import cli
from translate.cli import COMMANDS

Run = Callable[..., Any]
HEAVY = {
    *("torch", "numpy", "pydantic", "PIL", "cv2", "kornia", "rich", "ruamel", "albumentations"),
    *("fastapi", "starlette", "uvicorn", "jinja2", "plotly", "http.server", "timm", "torchmetrics"),
    "torch_fidelity",
}


def imported_modules(*arguments: str) -> set[str]:
    """Return the modules that a command imports."""
    code = (
        "import sys\nfrom translate.cli import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit as end: assert not end.code\n"
        "print('\\n'.join(m for m in sys.modules), file=sys.stderr)"
    )
    return set(run_python(code, *arguments).stderr.splitlines())


@pytest.mark.parametrize(
    "arguments",
    [
        "--help",
        "--version",
        *(f"{name} --help" for name in ("train", "evaluate", "report", "serve")),
    ],
)
def test_help_and_version_import_no_heavy_module(arguments: str) -> None:
    assert not imported_modules(*arguments.split()) & HEAVY


def test_help_is_printed_within_half_a_second() -> None:
    command = [sys.executable, "-m", "translate", "--help"]
    times = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True)
        times.append(time.perf_counter() - start)
    assert min(times) <= 0.5  # 0.25 on an idle machine, including Python's own start


def test_version_prints_the_version_of_the_package(run_command: Run) -> None:
    assert run_command("--version").out.strip() == f"translate, version {package.__version__}"


def test_the_short_form_of_help_prints_the_same(run_command: Run) -> None:
    assert run_command("-h").out == run_command("--help").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian"], "No such command 'trian'. Did you mean 'train'?"),
        (["train", "--stesp", "3"], "No such option"),
        (["train", "--steps", "many"], "'many' is not a valid integer"),
        (["show", "--kind", "model"], "'model' is not one of 'recipe', 'configuration'"),
    ],
)
def test_a_mistyped_command_is_a_usage_error(
    arguments: list[str], message: str, run_command: Run
) -> None:
    result = run_command(*arguments)
    assert result.code == 2
    assert message in result.err
    assert "Traceback" not in result.err


def test_python_m_translate_is_the_command(run_subprocess: Run) -> None:
    result = run_subprocess("--version")
    assert (result.returncode, result.stderr) == (0, "")
    assert "version" in result.stdout
    result = run_subprocess("show", "cyclgan")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        "Error: no recipe, part, configuration or run is called 'cyclgan'. "
        "Did you mean 'cyclegan'? `translate show` lists all names.\n"
    )


def test_ctrl_c_in_a_command_is_exit_code_130(
    run_command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from translate.cli import show

    def interrupt(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(show, "describe", interrupt)
    result = run_command("show", "cyclegan")
    assert (result.code, result.out, result.err.strip()) == (130, "", "")


def test_every_command_has_a_module_of_its_name() -> None:
    folder = Path(cli.__file__).parent
    assert {p.stem.rstrip("_") for p in folder.iterdir()} >= set(COMMANDS)  # `import_`
