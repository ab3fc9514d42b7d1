"""The scripts for Slurm forward its signal, handle exit codes, and continue after a requeue."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
import small_checkpoints
from command_result import ROOT

SCRIPTS = ROOT / "configs/slurm"
ARRAY = {"SLURM_ARRAY_JOB_ID": "70", "SLURM_ARRAY_TASK_ID": "1", "SLURM_JOB_ID": "71"}
STUB = """#!/bin/bash
trap 'echo stopped >> calls; exit 143' TERM
echo "$@" >> calls
[ "$CODE" = wait ] || exit "$CODE"
for _ in $(seq 100); do sleep 0.1; done
"""


class Job:
    """A folder to run scripts in, with an `scontrol` that only records its calls."""

    def __init__(self, folder: Path, commands: Path) -> None:
        self.folder, programs = folder, folder / "programs"
        self.path = f"{programs}:{commands}:{os.environ['PATH']}"
        self.write("scontrol", '#!/bin/bash\necho "$@" >> requeued\n')

    def write(self, name: str, text: str) -> None:
        path = self.folder / "programs" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def start(self, script: str, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                ["bash", str(SCRIPTS / script), *arguments],
                cwd=self.folder,
                env={**os.environ, **ARRAY, "PATH": self.path, **environment},
                stdout=log,
                stderr=log,
            )

    def stop_when(self, process: subprocess.Popen[bytes], begun: Callable[[], object]) -> int:
        """Send SIGTERM to the script alone, as Slurm does, when `begun` holds; return its code."""
        deadline = time.monotonic() + 60
        while not begun() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        return process.wait(60)

    def lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path, Path(sys.executable).parent)


@pytest.mark.parametrize(("code", "expected"), [(0, 0), (3, 0), (2, 2), (5, 5), (6, 6)])
def test_the_job_ends_with_the_exit_code_of_the_command_and_0_for_listed_images(
    job: Job, code: int, expected: int
) -> None:
    job.write("translate", STUB)
    process = job.start("infer.sh", "run", "in", "out", "8", "--size", "64", CODE=str(code))
    assert process.wait(20) == expected
    assert job.lines("calls") == ["infer run in out --shard 1/8 --size 64"]
    assert job.lines("requeued") == []


@pytest.mark.parametrize(
    ("script", "arguments", "called", "requeued"),
    [
        ("infer.sh", ("run", "in", "out", "2000"), "infer run in out --shard 1001/2000", "70_1"),
        ("train.sh", ("--out", "x"), "train --out x --resume auto", "71"),
    ],
)
def test_the_signal_is_forwarded_and_the_job_is_requeued(
    job: Job, script: str, arguments: tuple[str, ...], called: str, requeued: str
) -> None:
    job.write("translate", STUB)
    for restarts in ("0", "100"):
        before = len(job.lines("calls"))
        process = job.start(
            script, *arguments, CODE="wait", OFFSET="1000", SLURM_RESTART_COUNT=restarts
        )
        assert job.stop_when(process, lambda n=before: len(job.lines("calls")) > n) == 143
    assert job.lines("calls") == [called, "stopped"] * 2
    assert job.lines("requeued") == [f"requeue {requeued}"], "not after a hundred restarts"


@pytest.mark.parametrize(
    ("script", "arguments"),
    [("infer.sh", ("run", "in", "out", "2000")), ("train.sh", ("--out", "x"))],
)
def test_a_signal_before_the_script_has_its_process_id_is_forwarded_once(
    job: Job, script: str, arguments: tuple[str, ...]
) -> None:
    job.write("translate", STUB)
    early = job.folder / "early"  # sends the signal just before the script stores the number
    early.write_text("""trap '[ "$BASH_COMMAND" != "child=\\$!" ] || kill -TERM $$' DEBUG\n""")
    environment = {"CODE": "wait", "OFFSET": "1000", "BASH_ENV": str(early)}
    assert job.start(script, *arguments, **environment).wait(60) == 143
    assert len(job.lines("requeued")) == 1


@pytest.mark.parametrize("script", ["infer.sh", "train.sh"])
def test_missing_arguments_are_reported(job: Job, script: str) -> None:
    assert job.start(script).wait(20) == 2
    assert "usage: sbatch" in job.lines("log")[0]


def digests(folder: Path, pattern: str) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob(pattern)
    }


@pytest.mark.slow
def test_a_shard_that_is_stopped_and_requeued_has_the_outputs_of_an_uninterrupted_shard(
    job: Job, tmp_path: Path, image_folder: Callable[..., Path]
) -> None:
    image_folder("in", 60, size=200)
    small_checkpoints.cyclegan(tmp_path / "run")
    command = ("infer.sh", "run", "in")
    assert job.start(*command, "uninterrupted", "2").wait(120) == 0
    process = job.start(*command, "out", "2")
    assert job.stop_when(process, lambda: len(digests(tmp_path / "out", "*.png")) > 2) == 143
    assert job.lines("requeued") == ["requeue 70_1"]
    complete = digests(tmp_path / "uninterrupted", "*.png")
    assert 2 < len(digests(tmp_path / "out", "*.png")) < len(complete)
    assert not (tmp_path / "out/.shards/1-of-2.json").exists()
    assert job.start(*command, "out", "2", SLURM_RESTART_COUNT="1").wait(120) == 0
    assert digests(tmp_path / "out", "*.png") == complete
    assert (tmp_path / "out/.shards/1-of-2.json").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("root")
def test_training_that_is_stopped_and_requeued_has_the_weights_of_uninterrupted_training(
    job: Job, tmp_path: Path
) -> None:
    command = ("train.sh", "--plugin", "cyclegan", "--domains", "a", "b", "--data", ".")
    small = ("--size", "24", "--steps", "60", "--set", "options.generator={name: resnet, width: 4}")
    names = ("uninterrupted", "out")
    assert job.start(*command, *small, "--out", names[0]).wait(200) == 0
    process = job.start(*command, *small, "--out", names[1])
    log = tmp_path / "out/log.jsonl"
    assert job.stop_when(process, lambda: log.exists() and log.read_text()) == 143
    assert job.lines("requeued") == ["requeue 71"]
    requeued = job.start(*command, *small, "--out", names[1], SLURM_RESTART_COUNT="1")
    assert requeued.wait(200) == 0, job.lines("log")
    uninterrupted, resumed = (
        digests(tmp_path / name / "checkpoints/step-00000060", "weights.safetensors")
        for name in names
    )
    assert uninterrupted and uninterrupted == resumed
