"""An environment with all examples of plugins, and images to train on."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sandbox import EXAMPLES, OFFLINE, QUICK, Sandbox, create_environment, sandbox_environment
from warm_processes import warm_process

from translate.engine.plugins.discovery import installed_entries


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Install all examples into a new environment."""
    home = tmp_path_factory.mktemp("sandbox")
    python = create_environment(home / "env")
    copies = [home / file.parent.name for file in sorted(EXAMPLES.glob("*/pyproject.toml"))]
    for copy in copies:
        shutil.copytree(EXAMPLES / copy.name, copy, ignore=shutil.ignore_patterns("__pycache__"))
    install = [python, "-m", "pip", "install", *OFFLINE, *map(str, copies)]
    done = subprocess.run(
        install, capture_output=True, text=True, check=False, env=sandbox_environment()
    )
    assert done.returncode == 0, done.stderr
    modules = [entry.module for entry in installed_entries()] + QUICK.split(",")
    with warm_process(python, modules, sandbox_environment()) as process:
        yield Sandbox(home, python, process)


@pytest.fixture
def domains(image_folder: Callable[..., Path], tmp_path: Path) -> list[Any]:
    """Create the domains ``soft`` and ``crisp``; return the flags that select them."""
    image_folder("data/soft/train"), image_folder("data/crisp/train")
    return ["--domains", "soft", "crisp", "--data", tmp_path / "data"]
