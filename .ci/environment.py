#!/usr/bin/env python3
"""Make `.venv`, the checkout's own environment, in seconds where its dependencies are there.

They are big, so all checkouts whose pyproject.toml asks for the same share one environment, kept
in ``$TRANSLATE_ENVIRONMENTS/<lock>-*``, or in ``~/.cache/translate-kit``. `.venv` is light: it sees
that environment through a ``.pth`` file and holds the checkout itself, installed editable.
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
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - said before tomllib is missed
    sys.exit(
        f"translate needs Python 3.11 or newer, and {sys.executable} is {sys.version.split()[0]}."
    )

import tomllib

CHECKOUT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
SHARED = Path(os.environ.get("TRANSLATE_ENVIRONMENTS") or "~/.cache/translate-kit")
SHARED = SHARED.expanduser().resolve()
STAMP = "complete"
PROMPT = "translate-checkout"


def main() -> None:
    """Make what is missing, one process at a time."""
    SHARED.mkdir(parents=True, exist_ok=True)
    with (SHARED / f"{lock()}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        dependencies = find_dependencies() or install_dependencies()
        state = checkout_state(dependencies)
        if not usable(CHECKOUT / ".venv", state):
            install_checkout(CHECKOUT / ".venv", dependencies, state)


def wanted() -> list[str]:
    """Return all that a developer needs: to run, test, check and build without a network."""
    return [
        *PROJECT["project"]["dependencies"],
        *(one for extra in PROJECT["project"]["optional-dependencies"].values() for one in extra),
        *PROJECT["dependency-groups"]["dev"],
        *PROJECT["build-system"]["requires"],
        "editables",
        "pip",
    ]


def lock() -> str:
    """Name the environment after everything that decides what is in it."""
    python = [platform.python_implementation(), platform.python_version(), sys.base_prefix]
    text = json.dumps([python, sysconfig.get_platform(), sorted(wanted())])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def checkout_state(dependencies: Path) -> str:
    """Return what an installed checkout depends on: entry points, version and where things lie."""
    files = [CHECKOUT / "pyproject.toml", CHECKOUT / "translate/__init__.py", Path(__file__)]
    text = b"\0".join([bytes(dependencies), bytes(CHECKOUT), *(f.read_bytes() for f in files)])
    return hashlib.sha256(text).hexdigest()


def usable(environment: Path, state: str) -> bool:
    """Whether `environment` was finished, for this `state`, and its Python is still there."""
    stamp = environment / STAMP
    return stamp.is_file() and stamp.read_text() == state and (environment / "bin/python").exists()


def find_dependencies() -> Path | None:
    """Return the environment with our lock that somebody finished."""
    return next((found for found in SHARED.glob(f"{lock()}-*") if usable(found, lock())), None)


def install_dependencies() -> Path:
    """Install all at once, so that torch and torchvision come from one index.

    Into a new folder: the pip of an interrupted try may still be writing into the old one.
    """
    for left in SHARED.glob(f"{lock()}-*"):
        shutil.rmtree(left, ignore_errors=True)
    environment = SHARED / f"{lock()}-{time.time_ns():x}"
    print(f"Installing the dependencies into {environment}: some minutes, 6 GB.", flush=True)
    make(environment)
    pip(environment, "install", *wanted())
    (environment / STAMP).write_text(lock())
    return environment


def install_checkout(environment: Path, dependencies: Path, state: str) -> None:
    """Install the checkout beside the dependencies, with their commands."""
    ours = environment / "pyvenv.cfg"
    if ours.exists() and PROMPT not in ours.read_text():
        sys.exit(f"{environment} is not make's: use it as it is, or move it away and try again.")
    print(f"Installing the checkout into {environment}.", flush=True)
    make(environment)
    (packages(environment) / "dependencies.pth").write_text(f"{packages(dependencies)}\n")
    build = ["--no-deps", "--no-build-isolation", "--editable", str(CHECKOUT)]
    pip(environment, "install", *build)
    for command in sorted((dependencies / "bin").iterdir()):
        if not (target := environment / "bin" / command.name).exists():
            borrow(command, target)
    (environment / STAMP).write_text(state)


def make(environment: Path) -> None:
    """Make an empty environment."""
    shutil.rmtree(environment, ignore_errors=True)
    venv.create(environment, symlinks=True, prompt=PROMPT)


def pip(environment: Path, *arguments: str) -> None:
    """Run pip on `environment`."""
    command = [sys.executable, "-m", "pip", "--python", str(environment / "bin/python")]
    command += ["--disable-pip-version-check", *([] if sys.stdout.isatty() else ["--quiet"])]
    if failed := subprocess.run([*command, *arguments], cwd=CHECKOUT, check=False).returncode:
        sys.exit(failed)


def packages(environment: Path) -> Path:
    """Return the folder of installed packages."""
    return environment / f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"


def borrow(command: Path, target: Path) -> None:
    """Offer a command of the dependencies, run by the Python that sees the checkout as well."""
    script = command.read_bytes()
    if script.startswith(b"#!"):
        target.write_bytes(script.replace(bytes(command.parent), bytes(target.parent)))
        target.chmod(0o755)
    else:
        target.symlink_to(command)


if __name__ == "__main__":
    main()
