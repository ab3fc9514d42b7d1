"""An environment of its own in which plugins are installed and the command runs."""

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
"""plugins whose libraries take most of a second to import"""
QUICK = ",".join(path.name for path in EXAMPLES.glob("translate_*") if path.name not in MEDICAL)


class Sandbox(NamedTuple):
    """An environment of its own, with the packages of this one and all examples."""

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
            env=environment(),
        )

    def translate(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run ``translate`` there, in a process that has the modules already."""
        return self.process.run(*arguments, folder=self.home, environment=environment())

    def output(self, *arguments: object) -> str:
        """Run ``translate`` there, which must succeed, and return its output."""
        done = self.translate(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


def create_environment(folder: Path) -> str:
    """Create an environment that has the packages of this one; return its interpreter."""
    venv.create(folder, with_pip=False, symlinks=True)
    variables = {"base": str(folder), "platbase": str(folder)}
    site = Path(sysconfig.get_path("purelib", "venv", vars=variables))
    here = [path for path in sys.path if path.endswith("site-packages")]
    (site / "here.pth").write_text("".join(f"import site; site.addsitedir({p!r})\n" for p in here))
    return str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")


def environment() -> dict[str, str]:
    """Return the environment of programs in the sandbox."""
    quiet = {"PYTHONWARNINGS": "", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return {"TRANSLATE_PLUGINS": QUICK, **os.environ, **quiet}
