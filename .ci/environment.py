#!/usr/bin/env python3
"""Create `.venv`, the environment of this checkout, in seconds once its dependencies are installed.

Dependencies take 6 GB, so all checkouts with equal requirements in pyproject.toml share an
environment, ``<hash>-<time>`` in ``$TRANSLATE_ENVIRONMENTS`` or ``~/.cache/translate-kit``. `.venv`
includes this environment by a ``.pth`` file, and has an editable installation of the checkout.
"""

import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import time
import venv
from itertools import chain
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - before the import of tomllib fails
    sys.exit(
        f"translate needs Python 3.11 or newer, and {sys.executable} is {sys.version.split()[0]}."
    )

import tomllib

CHECKOUT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
SHARED = Path(os.environ.get("TRANSLATE_ENVIRONMENTS") or "~/.cache/translate-kit")
SHARED = SHARED.expanduser().resolve()
STAMP = "complete"
"""Name of the file that a complete environment has."""
PROMPT = "translate-checkout"
"""Text in pyvenv.cfg by which an environment of ours is recognized."""


def main() -> None:
    """Create the environments that are missing; processes wait for each other."""
    SHARED.mkdir(parents=True, exist_ok=True)
    with (SHARED / f"{requirements_hash()}.lock").open("w") as lock_file:
        fcntl.flock(lock_file, fcntl.LOCK_EX)
        dependencies = find_dependencies() or install_dependencies()
        state = checkout_state(dependencies)
        if not is_complete(CHECKOUT / ".venv", state):
            install_checkout(CHECKOUT / ".venv", dependencies, state)


def requirements() -> list[str]:
    """Return all requirements for running, testing, checking and building without a network."""
    return [
        *PROJECT["project"]["dependencies"],
        *chain(*PROJECT["project"]["optional-dependencies"].values()),
        *PROJECT["dependency-groups"]["dev"],
        *PROJECT["build-system"]["requires"],
        "editables",
        "pip",
    ]


def requirements_hash() -> str:
    """Return a hash of everything that determines the content of the shared environment."""
    python = [platform.python_implementation(), platform.python_version(), sys.base_prefix]
    text = json.dumps([python, sysconfig.get_platform(), sorted(requirements())])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def checkout_state(dependencies: Path) -> str:
    """Return a hash of what the installed checkout depends on: entry points, version and paths."""
    files = [CHECKOUT / "pyproject.toml", CHECKOUT / "translate/__init__.py", Path(__file__)]
    text = b"\0".join([bytes(dependencies), bytes(CHECKOUT), *(f.read_bytes() for f in files)])
    return hashlib.sha256(text).hexdigest()


def is_complete(environment: Path, state: str) -> bool:
    """Return whether `environment` was completed with this `state`, and its Python exists."""
    stamp = environment / STAMP
    return stamp.is_file() and stamp.read_text() == state and (environment / "bin/python").exists()


def find_dependencies() -> Path | None:
    """Return a complete shared environment with the present requirements, or None."""
    state = requirements_hash()
    return next((path for path in SHARED.glob(f"{state}-*") if is_complete(path, state)), None)


def install_dependencies() -> Path:
    """Install all requirements in one call, so that torch and torchvision come from one index.

    The folder has a new name, as the pip of an interrupted attempt may still write to the old one.
    """
    state = requirements_hash()
    for incomplete in SHARED.glob(f"{state}-*"):
        shutil.rmtree(incomplete, ignore_errors=True)
    environment = SHARED / f"{state}-{time.time_ns():x}"
    print(f"Installing dependencies into {environment}: some minutes, 6 GB.", flush=True)
    create_environment(environment)
    run_pip(environment, "install", *requirements())
    (environment / STAMP).write_text(state)
    return environment


def install_checkout(environment: Path, dependencies: Path, state: str) -> None:
    """Install the checkout, with access to the dependencies and their commands."""
    config = environment / "pyvenv.cfg"
    if config.exists() and PROMPT not in config.read_text():
        sys.exit(f"{environment} was not created by make: use it as it is, or move it away.")
    print(f"Installing the checkout into {environment}.", flush=True)
    create_environment(environment)
    (site_packages(environment) / "dependencies.pth").write_text(f"{site_packages(dependencies)}\n")
    options = ["--no-deps", "--no-build-isolation", "--editable"]
    run_pip(environment, "install", *options, str(CHECKOUT))
    for command in sorted(path for path in (dependencies / "bin").iterdir() if path.is_file()):
        if not (target := environment / "bin" / command.name).exists():
            copy_command(command, target)
    (environment / STAMP).write_text(state)


def create_environment(environment: Path) -> None:
    """Create an empty environment."""
    shutil.rmtree(environment, ignore_errors=True)
    venv.create(environment, symlinks=True, prompt=PROMPT)


def run_pip(environment: Path, *arguments: str) -> None:
    """Run pip on `environment`."""
    command = [sys.executable, "-m", "pip", "--python", str(environment / "bin/python")]
    command += ["--disable-pip-version-check", *([] if sys.stdout.isatty() else ["--quiet"])]
    if code := subprocess.run([*command, *arguments], cwd=CHECKOUT, check=False).returncode:
        sys.exit(code)


def site_packages(environment: Path) -> Path:
    """Return the folder of installed packages."""
    return environment / f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"


def copy_command(command: Path, target: Path) -> None:
    """Copy the script of a command to `target`, so that the Python next to `target` runs it."""
    script = command.read_bytes()
    if script.startswith(b"#!"):
        target.write_bytes(script.replace(bytes(command.parent), bytes(target.parent)))
        target.chmod(0o755)
    else:
        target.symlink_to(command)


if __name__ == "__main__":
    main()
