"""Training on two processes: they write one run, have equal weights, and stop at one step."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
import small_runs
import torch
import two_processes
from safetensors.torch import load
from trained_on_processes import train_on_processes

from translate import hookimpl
from translate.engine.checkpoints import read, retention
from translate.engine.config import schema, yaml_text
from translate.engine.disk.records import json_files
from translate.run import Run


def test_two_processes_write_one_run_and_end_with_equal_weights(root: Path) -> None:
    every = {"train__log_every": 2, "train__preview_every": 2}
    config = small_runs.config(root, train__batch_size=2, train__ema=0.5, **every)
    first, second = train_on_processes(config, root / "run")
    assert first["weights"] == second["weights"]
    assert (first["step"], second["step"]) == (4, 4)
    assert [line["step"] for line in json_files.read_lines(root / "run/log.jsonl")] == [2, 4]
    assert small_runs.checkpoint_steps(root / "run") == [0, 4]
    tensors = small_runs.checkpoint_tensors(root / "run")
    assert set(tensors) == {
        "ema.safetensors",
        "training.safetensors",
        "training-rank-1.safetensors",
        "weights.safetensors",
    }
    assert sha256(tensors["weights.safetensors"]).hexdigest() == first["weights"]
    pools = [load(tensors[f"training{rank}.safetensors"]) for rank in ("", "-rank-1")]
    assert pools[0]["recipe/source_pool"].shape == pools[1]["recipe/source_pool"].shape
    assert not torch.equal(pools[0]["recipe/source_pool"], pools[1]["recipe/source_pool"])
    assert not list((root / "run").rglob(".*"))


def test_batch_norm_and_dropout_train_on_two_processes_too(root: Path) -> None:
    config = small_runs.config(root, "pix2pix", train__batch_size=2, train__steps=2)
    results = train_on_processes(config, root / "run")
    # the statistics of batch norm differ between processes; those of the first are saved
    assert results[0]["parameters"] == results[1]["parameters"]
    saved = small_runs.checkpoint_tensors(root / "run")["weights.safetensors"]
    assert sha256(saved).hexdigest() == results[0]["weights"]


def test_two_processes_resume_exactly_and_one_process_reports_the_difference(root: Path) -> None:
    def config(steps: int) -> schema.Config:
        settings = {"train__batch_size": 2, "train__schedule": "constant"}
        return small_runs.config(root, train__steps=steps, **settings)

    def resume(rank: int) -> list[str]:  # noqa: ARG001
        recorder = small_runs.ProgressRecorder()
        small_runs.resume(root / "pieces", recorder, steps=6)
        return recorder.lines

    two_processes.run(lambda _: small_runs.train(config(6), root / "straight").step)
    two_processes.run(lambda _: small_runs.train(config(3), root / "pieces").step)
    for lines in two_processes.run(resume):
        assert lines == [f"resuming {root / 'pieces'} from step 3"]
    assert small_runs.equal_checkpoints(root / "pieces", root / "straight")

    recorder = small_runs.ProgressRecorder()
    assert small_runs.resume(root / "pieces", recorder, steps=7).step == 7
    message = "1 processes instead of 2: training continues, but not bit for bit."
    assert recorder.lines[0] == message


@pytest.mark.parametrize(("batch_size", "rounded"), [(1, 2), (3, 4)])
def test_a_batch_size_is_rounded_up_to_a_multiple_of_the_processes_with_a_message(
    batch_size: int, rounded: int, root: Path
) -> None:
    config = small_runs.config(root, train__batch_size=batch_size, train__steps=1)
    first, _ = train_on_processes(config, root / "run")
    assert first["lines"][0] == (
        f"train.batch_size is {rounded} instead of {batch_size}: a multiple for 2 processes"
    )
    assert yaml_text.read(str(root / "run/config.yaml"))["train"]["batch_size"] == rounded


def test_T19_a_signal_to_one_process_stops_both_at_one_step(
    root: Path, register_plugin: Callable[..., object]
) -> None:
    class Stopper:
        @hookimpl
        def losses_logged(self, step: int) -> None:  # called on the first process only
            if step == 2:
                os.kill(os.getpid(), signal.SIGTERM)

    register_plugin(Stopper(), "other:stopper")
    config = small_runs.config(root, train__batch_size=2, train__steps=50, train__log_every=1)
    results = train_on_processes(config, root / "run")
    assert [(result["step"], result["signal"]) for result in results] == [(3, signal.SIGTERM)] * 2
    assert results[0]["weights"] == results[1]["weights"]
    assert small_runs.checkpoint_steps(root / "run") == [0, 3]


def test_T19_three_processes_share_five_images_with_equal_batch_counts(
    root: Path, image_folder: Callable[..., Path]
) -> None:
    image_folder("a", 5)
    config = small_runs.config(root, train__batch_size=2, train__steps=5)
    results = train_on_processes(config, root / "run", world=3)
    assert [result["step"] for result in results] == [5, 5, 5]
    assert len({result["weights"] for result in results}) == 1
    assert small_runs.checkpoint_steps(root / "run") == [0, 5]


@pytest.mark.slow
def test_torchrun_trains_one_run(root: Path) -> None:
    config = small_runs.config(root, train__steps=6, train__log_every=2)
    (root / "config.yaml").write_text(yaml_text.dump(config))
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
        "-m", "translate", "train", "--config", "config.yaml", "--out", "run",
    ]  # fmt: skip
    environment = {**os.environ, "GLOO_SOCKET_IFNAME": "lo"}
    result = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("train.batch_size is 2") == 1, "only the first process prints"
    assert re.findall(r"\bstep (\d)/6  ", result.stdout) == ["2", "4", "6"]
    assert [line["step"] for line in json_files.read_lines(root / "run/log.jsonl")] == [2, 4, 6]
    assert small_runs.checkpoint_steps(root / "run") == [0, 6]
    checkpoint = read.read_checkpoint(retention.newest_checkpoint(root / "run")[0])
    assert checkpoint.description["processes"] == 2


def test_a_hook_of_the_first_process_stops_all_at_one_step(
    root: Path, register_plugin: Callable[..., object]
) -> None:
    class Stopper:
        @hookimpl
        def losses_logged(self, run: Run, step: int) -> None:
            if step == 2:
                run.stop("enough")

    register_plugin(Stopper(), "other:stopper")
    config = small_runs.config(root, train__batch_size=2, train__steps=50, train__log_every=2)
    results = train_on_processes(config, root / "run")
    assert [(result["step"], result["signal"]) for result in results] == [(2, 0)] * 2
    assert results[0]["weights"] == results[1]["weights"]
    assert small_runs.checkpoint_steps(root / "run") == [0, 2]
