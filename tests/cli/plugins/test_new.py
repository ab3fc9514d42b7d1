"""`translate plugins new`: the projects of all kinds are installed, checked, trained and built."""

import os
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from command_result import ROOT
from sandbox import OFFLINE, create_environment

from translate.cli.plugins.new import KINDS, create_project

Run = Callable[..., str]


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create a project of each kind; return their folder."""
    home = tmp_path_factory.mktemp("projects")
    for kind in KINDS:
        create_project(home / kind, f"translate-my-{kind}", kind)
    return home


@pytest.fixture(scope="module")
def run(projects: Path) -> Run:
    """Install the projects into a new environment; return a function that runs programs there."""
    python = create_environment(projects / "env")

    def program(*arguments: object, cwd: Path = projects) -> str:
        done = subprocess.run(
            [python, "-m", *map(str, arguments)],
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONWARNINGS": "", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    program("pip", "install", *OFFLINE, *(projects / kind for kind in KINDS))
    return program


def test_new_projects_pass_linter_and_formatter(run: Run) -> None:
    run("ruff", "check", *KINDS)  # each with the settings of its own project
    run("ruff", "format", "--check", *KINDS)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_new_projects_pass_the_type_checker(run: Run, projects: Path, kind: str) -> None:
    run("mypy", "--cache-dir", ROOT / ".mypy_cache", cwd=projects / kind)


def test_the_tests_of_new_projects_pass(run: Run, projects: Path) -> None:
    files = [projects / kind / f"tests/test_translate_my_{kind}.py" for kind in KINDS]
    assert "passed" in run("pytest", "-q", "-p", "no:cacheprovider", *files)


@pytest.mark.parametrize(
    "kind", [KINDS[0], *(pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS[1:])]
)
def test_new_projects_are_built_with_their_tests(run: Run, projects: Path, kind: str) -> None:
    run("build", "--no-isolation", "--outdir", projects / "dist", projects / kind)
    with tarfile.open(projects / f"dist/translate_my_{kind}-0.1.0.tar.gz") as source:
        names = [Path(name).name for name in source.getnames()]
        assert {f"test_translate_my_{kind}.py", "README.md", "LICENSE"} <= {*names}
    with zipfile.ZipFile(projects / f"dist/translate_my_{kind}-0.1.0-py3-none-any.whl") as wheel:
        assert f"translate_my_{kind}/py.typed" in wheel.namelist()


def test_new_parts_train_together(
    projects: Path,
    register_plugin: Callable[..., object],
    run_command: Callable[..., Any],
    image_folder: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for kind in KINDS:
        monkeypatch.syspath_prepend(projects / kind)
        register_plugin(import_module(f"translate_my_{kind}"), f"translate-my-{kind}:my-{kind}")
    for number in range(3):
        for side in ("source", "target"):
            folder = image_folder(f"data/pairs/{number}/{side}", 1)
            (folder / "0000.png").rename(folder.parent / f"{side}.png")
            folder.rmdir()
    settings = [
        *("options.generator={name: my-generator, width: 4}", "data.layout=my-layout"),
        *("train.trackers=[my-tracker]", "train.metric=my-metric", "train.evaluate_every=2"),
        *("data.validation=0.34", "train.log_every=1"),
        "options.discriminator={name: my-discriminator, width: 4}",
    ]
    flags = [word for setting in settings for word in ("--set", setting)]
    result = run_command("train", "--plugin", "my-recipe", "--domains", "pairs", "--steps", 4,
                         "--data", "data", "--size", 32, "--out", "run", *flags)  # fmt: skip
    assert result.code == 0, result.err
    assert len((tmp_path / "run/my-tracker.jsonl").read_text().splitlines()) == 4
    assert (tmp_path / "run/checkpoints/step-00000004").is_dir()


def test_the_command_writes_a_project_and_prints_how_to_continue(
    run_command: Callable[..., Any], tmp_path: Path
) -> None:
    folder = tmp_path / "new"
    result = run_command("plugins", "new", "translate-edges", "--kind", "loss", "--out", folder)
    assert result.code == 0
    assert "translate plugins check edges" in result.out
    assert "class Edges(nn.Module)" in (folder / "translate_edges/__init__.py").read_text()


def test_a_folder_with_files_is_refused(run_command: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    result = run_command("plugins", "new", "translate-other", "--out", tmp_path)
    assert result.code == 2
    assert "is not empty" in result.err and "--out" in result.err


@pytest.mark.parametrize("name", ["mymethod", "translate-", "translate-My", "translate_x", "a/b"])
def test_a_name_of_another_form_is_refused(
    run_command: Callable[..., Any], tmp_path: Path, name: str
) -> None:
    result = run_command("plugins", "new", name, "--out", tmp_path / "new")
    assert result.code == 2 and "expected translate-NAME" in result.err
    assert not (tmp_path / "new").exists()
