"""Benchmarks of the engine still run: the smallest version of each, as a process."""

import subprocess
import sys

import pytest
from command_result import ROOT

COMMANDS = (
    "backends.py --network resnet --width 2 --size 32 --rounds 1",
    "cost.py --pairs 1",
    "gpu.py --smoke --out out/gpu-smoke",
    "ray_overhead.py --images 8 --width 4 --rounds 1",
    "kill_and_resume.py --times 1 --steps 15",
    "startup.py --rounds 1",
    "steps.py --recipe gan --size 32 --pairs 2 --memory-processes 1",
    "tiles.py --size 70x50 --tile 32 --width 4 --blocks 1 --rounds 1",
    "tiles.py --large 300x200 --tile 64 --width 4 --blocks 1",
)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_a_benchmark_runs_and_prints_a_table(command: str) -> None:
    name, *arguments = command.split()
    process = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / name), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert "\n| --- |" in process.stdout
