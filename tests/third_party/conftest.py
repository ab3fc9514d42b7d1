"""An environment with all examples of plugins, and images to train on."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sandbox import EXAMPLES, OFFLINE, QUICK, Sandbox, environment
from warm_processes import warm_process

from translate.engine.plugins.discovery import installed_entries


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Install all examples into a new environment.

    The environment has the packages of this one, including ours, through a ``.pth`` file.
    """
    home = tmp_path_factory.mktemp("sandbox")
    venv.create(home / "env", with_pip=False, symlinks=True)
    scripts = home / "env" / ("Scripts" if os.name == "nt" else "bin")
    variables = {"base": str(home / "env"), "platbase": str(home / "env")}
    site = Path(sysconfig.get_path("purelib", "venv", vars=variables))
    here = [path for path in sys.path if path.endswith("site-packages")]
    lines = [f"import site; site.addsitedir({path!r})" for path in here]
    (site / "here.pth").write_text("\n".join(lines) + "\n")
    copies = [home / example.name for example in sorted(EXAMPLES.glob("translate_*"))]
    for copy in copies:
        shutil.copytree(EXAMPLES / copy.name, copy, ignore=shutil.ignore_patterns("__pycache__"))
    python = str(scripts / "python")
    install = [python, "-m", "pip", "install", *OFFLINE, *map(str, copies)]
    done = subprocess.run(install, capture_output=True, text=True, check=False, env=environment())
    assert done.returncode == 0, done.stderr
    modules = [entry.module for entry in installed_entries()] + QUICK.split(",")
    with warm_process(python, modules, environment()) as process:
        yield Sandbox(home, python, process)


@pytest.fixture
def domains(image_folder: Callable[..., Path], tmp_path: Path) -> list[Any]:
    """Create the domains ``soft`` and ``crisp``; return the flags that select them."""
    image_folder("data/soft/train"), image_folder("data/crisp/train")
    return ["--domains", "soft", "crisp", "--data", tmp_path / "data"]
