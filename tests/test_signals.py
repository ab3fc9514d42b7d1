"""A process that gets a signal saves its work, and the next start does the rest."""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_checkpoints
import small_runs
import subprocesses
from image_inversion import file_digests

from translate.engine.disk.records import json_files
from translate.engine.inference.folder import translate_folder
from translate.engine.inference.inputs.paths import find_inputs
from translate.engine.models import model as infer
from translate.engine.models.options import InferenceOptions

STEPS = 60
STOPPING = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
TWENTY_SEEDS = [pytest.param(n, marks=pytest.mark.slow) for n in range(20)]


def send(process: Any, number: int, draw: random.Random) -> None:
    """Send a signal to the process alone or, as a terminal does, to its workers as well."""
    if process.poll() is None:
        os.killpg(process.pid, number) if draw.random() < 0.5 else process.send_signal(number)


@pytest.mark.parametrize("seed", TWENTY_SEEDS)
@pytest.mark.parametrize(
    "number", [*STOPPING[:2], pytest.param(signal.SIGHUP, marks=pytest.mark.slow), signal.SIGUSR1]
)
def test_P10_T25_a_signal_at_a_random_moment_of_training_changes_no_byte(
    number: signal.Signals, seed: int, root: Path
) -> None:
    config = small_runs.config(
        root, data__workers=2, train__steps=STEPS, train__ema=0.7, train__log_every=1
    )
    draw, run = random.Random(f"{number} {seed}"), root / "run"
    small_runs.train(config, root / "uninterrupted")
    process = subprocesses.start_training(
        config, run, "--save-on", "SIGUSR1", start_new_session=True
    )
    subprocesses.wait_for_lines(run / "log.jsonl", 1, process)
    time.sleep(draw.uniform(0, 1.2))  # the duration of training
    send(process, number, draw)
    out, err = process.communicate(timeout=60)
    assert not subprocesses.surviving_processes(process)
    assert not err
    saved = small_runs.checkpoint_steps(run)
    if number == signal.SIGUSR1:
        assert process.returncode in (0, -number)  # the latter during the exit, after training
        assert len(saved) == 2 and saved[-1] == STEPS  # two are kept
    elif saved[-1] < STEPS:
        assert process.returncode == 128 + number
        assert out.endswith(f"stopped at step {saved[-1]}: translate train --resume {run}\n")
        assert len(json_files.read_lines(run / "log.jsonl")) == saved[-1]
    else:
        assert process.returncode in (0, 128 + number, -number)
    small_runs.resume(run)
    assert small_runs.equal_checkpoints(run, root / "uninterrupted")


@pytest.mark.parametrize("seed", [0, *TWENTY_SEEDS[1:]])
@pytest.mark.parametrize(
    "number",
    [*(pytest.param(n, marks=pytest.mark.slow) for n in (signal.SIGTERM, signal.SIGUSR1)),
     signal.SIGINT],
)  # fmt: skip
def test_P10_a_signal_at_a_random_moment_of_inference_leaves_only_complete_images(
    number: signal.Signals, seed: int, root: Path, image_folder: Callable[..., Path]
) -> None:
    image_folder("in", 40)
    model, out, rng = small_checkpoints.cyclegan(root / "run"), root / "out", random.Random(seed)
    process = subprocesses.start_command("infer", model, root / "in", out, start_new_session=True)
    subprocesses.wait_for_lines(out / ".translate/done.jsonl", 1, process)
    time.sleep(rng.uniform(0, 0.3))
    send(process, number, rng)
    printed, err = process.communicate(timeout=60)
    assert not subprocesses.surviving_processes(process)
    assert not err
    written = len(list(out.glob("*.png")))
    if written < 40 and number in STOPPING:
        assert process.returncode == 128 + number
        summary = (
            f"{written} done, 0 skipped (already there), 0 listed, {40 - written} not started\n"
        )
        assert printed == f"finishing the current image; a second Ctrl-C stops at once\n{summary}"
    else:
        assert process.returncode in (0, 128 + number, -number)
    for folder in (out, root / "whole"):
        translate_folder(
            infer.load(model)[0], find_inputs(root / "in", folder), folder, InferenceOptions()
        )
    assert file_digests(out) == file_digests(root / "whole")
    assert not [path for path in out.rglob(".*") if path.name != ".translate"]


def seconds_after_second_sigint(process: Any) -> float:
    """Send SIGINT twice, a second apart; return the seconds until the process ends."""
    process.send_signal(signal.SIGINT)
    time.sleep(1)
    assert process.poll() is None, "it should finish the current step"
    process.send_signal(signal.SIGINT)
    sent = time.monotonic()
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert not subprocesses.surviving_processes(process)
    return time.monotonic() - sent


@pytest.mark.slow
def test_P10_a_second_sigint_does_not_wait_for_the_step(root: Path) -> None:
    """A step of half a minute, after its first second."""
    parts = {"generator": {"name": "resnet", "width": 64}, "discriminator": "patch"}
    config = small_runs.config(
        root, data__size=256, data__workers=2, train__batch_size=4,
        **{f"options__{key}": value for key, value in parts.items()},
    )  # fmt: skip
    run = root / "run"
    process = subprocesses.start_training(config, run, start_new_session=True)
    while not small_runs.checkpoint_steps(run):
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(1)
    assert seconds_after_second_sigint(process) < 5
    assert small_runs.checkpoint_steps(run) == [0]
    assert small_runs.checkpoint_tensors(run)
    assert '"outcome": "interrupted"' in (run / "run.json").read_text()


@pytest.mark.slow
def test_P10_a_second_sigint_does_not_wait_for_the_images(
    root: Path, image_folder: Callable[..., Path]
) -> None:
    """A batch of a quarter of a minute, after its first second."""
    resnet = {"name": "resnet", "width": 64}
    options = {"generator": resnet, "discriminator": small_checkpoints.PATCH}
    model = small_checkpoints.write_run(root / "run", "cyclegan", options=options)
    source, out = image_folder("large", 8, size=512), root / "out"
    process = subprocesses.start_command(
        "infer", model, source, out, "--batch-size", 8, start_new_session=True
    )
    while not out.exists():
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(5)
    assert seconds_after_second_sigint(process) < 5
    assert not list(out.glob("*.png"))
