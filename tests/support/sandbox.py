"""A Python environment to install plugins and run commands in."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import NamedTuple

from command_result import ROOT
from warm_processes import WarmProcess

OFFLINE = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
EXAMPLES = ROOT / "tests/examples"
MEDICAL = ("translate_dicom", "translate_nifti")
"""plugins with libraries that take most of a second to import"""
QUICK = ",".join(path.name for path in EXAMPLES.glob("translate_*") if path.name not in MEDICAL)


class Sandbox(NamedTuple):
    """A Python environment with the packages of the present one and all example plugins."""

    home: Path
    python: str
    process: WarmProcess

    def run(self, program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run a program that is installed there."""
        return subprocess.run(
            [self.python, "-m", program, *map(str, arguments)],
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            env=sandbox_environment(),
        )

    def translate(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run ``translate`` there, in a fork of a process that has imported the modules."""
        return self.process.run(*arguments, folder=self.home, environment=sandbox_environment())

    def output(self, *arguments: object) -> str:
        """Run ``translate`` there, which must succeed, and return its output."""
        done = self.translate(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


def create_environment(folder: Path) -> str:
    """Create an environment with the packages of the present one; return its interpreter."""
    venv.create(folder, with_pip=False, symlinks=True)
    variables = {"base": str(folder), "platbase": str(folder)}
    site = Path(sysconfig.get_path("purelib", "venv", vars=variables))
    present = [path for path in sys.path if path.endswith("site-packages")]
    lines = [f"import site; site.addsitedir({path!r})\n" for path in present]
    (site / "present.pth").write_text("".join(lines))
    return str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")


def sandbox_environment() -> dict[str, str]:
    """Return the environment of programs in the sandbox."""
    quiet = {"PYTHONWARNINGS": "", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return {"TRANSLATE_PLUGINS": QUICK, **os.environ, **quiet}
