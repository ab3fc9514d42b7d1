"""Scripts that replace programs such as sbatch and pip when blocks of pages are run."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from page_images import CROP

TRANSLATE = """#!/bin/bash
[[ $1 == train ]] && set -- "$@" $SHORT
exec "$PYTHON" -m translate "$@"
"""
"""Runs `translate`; training takes two steps."""
SBATCH = """#!/bin/bash
while [[ $1 == --* ]]; do
  [[ $1 == --array=* ]] && array=${1#--array=}
  shift
done
export SLURM_JOB_ID=7 SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=${array%%[-,%]*}
exec bash "$@"
"""
"""Runs the script at once; of an array, only the first task."""
TORCHRUN = """#!/bin/bash
set -- "${@/node1:29400/localhost:0}" $SHORT
exec "$PYTHON" -m torch.distributed.run "$@"
"""
"""Runs torchrun on this machine alone; training takes two steps."""
PIP = """#!/bin/bash
[[ $2 == translate-kit* ]] && exit
exec "$PYTHON" -m pip "$@" --quiet --no-index --no-deps --no-build-isolation
"""
"""Installs into the environment of `PYTHON` without an index; translate-kit is there already."""
PYTHON = """#!/bin/bash
[[ $2 == build ]] && set -- "$@" --no-isolation
exec "$PYTHON" "$@"
"""
"""Runs Python; builds packages without an index."""
MODULE = """#!/bin/bash
exec "$PYTHON" -m {} "$@"
"""
PROGRAMS = {
    "translate": TRANSLATE, "sbatch": SBATCH, "torchrun": TORCHRUN, "pip": PIP, "python": PYTHON,
    **{name: MODULE.format(name) for name in ("mypy", "pytest", "ruff", "twine")},
}  # fmt: skip


def write_programs(folder: Path) -> None:
    """Write the programs into a new folder."""
    folder.mkdir()
    for name, text in PROGRAMS.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)


def program_environment(folder: Path) -> Mapping[str, str]:
    """Return environment variables that put the programs of `folder` first in the search path."""
    places = [str(folder), str(Path(sys.executable).parent), os.environ["PATH"]]
    return {
        **os.environ,
        "PATH": os.pathsep.join(places),
        "PYTHON": sys.executable,
        "SHORT": f"--steps 2 --size {CROP} --set data.workers=0",
    }
