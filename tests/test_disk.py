"""Any failing disk operation leaves no partial file, and the next start completes the work."""

import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import small_checkpoints
import small_runs
import torch
from disk_faults import (
    Fault,
    FaultyDisk,
    disk_full,
    each_operation,
    io_error,
    kill_process,
    short_write,
)
from specs import image_spec

from translate.engine.checkpoints import retention
from translate.engine.checkpoints import write as checkpoint
from translate.engine.config import yaml_text
from translate.engine.disk import files
from translate.engine.disk.records import json_files
from translate.engine.inference import pipeline
from translate.engine.inference.folder import translate_folder
from translate.engine.inference.inputs.paths import find_inputs
from translate.engine.models import model as infer
from translate.engine.models.options import InferenceOptions
from translate.engine.optimization.build import build_training
from translate.engine.runs import writer
from translate.images.source import read_image

KINDS = {"kill": kill_process, "ENOSPC": disk_full, "EIO": io_error, "short": short_write}
PROCESSES = count(1)
"""the process id of each start"""
every_kind = pytest.mark.parametrize("fault", KINDS.values(), ids=KINDS)
slow_errors = pytest.mark.parametrize(
    "fault", [pytest.param(KINDS[k], id=k, marks=[pytest.mark.slow] * (k != "kill")) for k in KINDS]
)
"""every kind of fault; those that raise errors are slow tests"""


@pytest.fixture(autouse=True)
def one_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "WRITERS", 1)  # else the order of operations would vary


def visible_contents(folder: Path) -> dict[str, Any]:
    """Return the content of each file: its bytes, or the records of a JSON Lines file."""
    return {
        str(path.relative_to(folder)): (
            json_files.read_lines(path) if path.suffix == ".jsonl" else path.read_bytes()
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(p.startswith(".") for p in path.relative_to(folder).parts)
    }


def fail_everywhere(
    folder: Path,
    disk: FaultyDisk,
    fault: Fault,
    prepare: Callable[[], object],
    act: Callable[[], object],
) -> int:
    """Inject `fault` at each operation of `act`, and act again; return the number of operations.

    After the fault each visible file has its old or its new content; after the second run all have
    the new content, and no other file exists.
    """

    def reset() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        prepare()

    def run_action() -> None:
        with mock.patch("os.getpid", return_value=next(PROCESSES)):
            act()

    reset()
    before = visible_contents(folder)
    run_action()
    after = visible_contents(folder)
    number = 0
    for number, run_with in each_operation(disk, reset, run_action):
        failed = run_with(fault)
        now = visible_contents(folder)
        both = {**before, **after}
        partial = [k for k in both if now.get(k) not in (before.get(k), after.get(k))]
        assert not partial, (number, disk.operations)
        assert now.keys() - both.keys() <= {"problems.jsonl"}, number
        assert failed or fault is short_write or now == after, number
        run_action()
        assert visible_contents(folder) == after, number
        assert not [p for p in folder.rglob(".*") if p.name != ".translate"], number
    return number


@every_kind
def test_P2_a_save_is_atomic(fault: Fault, tmp_path: Path, disk: FaultyDisk) -> None:
    config, spec = small_runs.config(tmp_path, train__ema=0.5), image_spec((16, 16), ("a", "b"))
    training, run = build_training(config, spec, torch.device("cpu")), tmp_path / "run"

    def save(step: int) -> None:
        training.step = step
        checkpoint.save(run, training, resume=training)

    def prepare() -> None:
        save(0), save(1)

    def act() -> None:
        newest, messages = retention.newest_checkpoint(run)
        assert newest.name >= "step-00000001" and not messages
        save(2)

    assert fail_everywhere(run, disk, fault, prepare, act) > 20


@slow_errors
def test_P2_translating_six_images_is_atomic(
    fault: Fault, tmp_path: Path, disk: FaultyDisk, image_folder: Callable[..., Path]
) -> None:
    source, out = image_folder("in", 6, size=8), tmp_path / "out"
    model, _ = infer.load(small_checkpoints.cyclegan(tmp_path / "run"))

    def act() -> None:
        summary = translate_folder(model, find_inputs(source, out), out, InferenceOptions())
        if summary.listed:
            raise OSError("listed")

    assert fail_everywhere(out, disk, fault, lambda: None, act) > 50


@every_kind
def test_P2_writing_a_configuration_is_atomic(
    fault: Fault, tmp_path: Path, disk: FaultyDisk
) -> None:
    run = tmp_path / "run"

    def write(text: str) -> None:
        writer.remove_partial_run_files(run)
        files.replace(run / "config.yaml", text.encode())

    prepare, act = (lambda text=text: write(text) for text in ("steps: 4\n", "steps: 500\n"))
    assert fail_everywhere(run, disk, fault, prepare, act) > 4


@every_kind
def test_P2_appending_a_log_line_is_atomic(fault: Fault, tmp_path: Path, disk: FaultyDisk) -> None:
    log = tmp_path / "run/log.jsonl"

    def act() -> None:
        if len(json_files.read_lines(log)) < 2:
            files.append(log, {"step": 2, "losses": {"generator/gan": 0.25}})

    def prepare() -> None:
        files.append(log, {"step": 1})

    assert fail_everywhere(log.parent, disk, fault, prepare, act) == 2  # open, write


@pytest.mark.slow
@every_kind
def test_P2_a_whole_run_is_atomic(
    fault: Fault, tmp_path: Path, disk: FaultyDisk, image_folder: Callable[..., Path]
) -> None:
    image_folder("a", 4), image_folder("b", 4)
    intervals = {"train__log_every": 1, "train__save_every": 2, "train__preview_every": 3}
    config, run = small_runs.config(tmp_path, train__ema=0.5, **intervals), tmp_path / "run"
    small_runs.train(config, tmp_path / "uninterrupted")
    uninterrupted, numbers = small_runs.checkpoint_tensors(tmp_path / "uninterrupted"), list[int]()

    def reset() -> None:
        shutil.rmtree(run, ignore_errors=True)

    def act() -> None:
        if small_runs.checkpoint_steps(run):
            small_runs.resume(run)
        else:
            small_runs.train(config, run)

    for number, run_with in each_operation(disk, reset, act):
        run_with(fault)
        assert all(retention.is_whole(path) for _, path in retention.list_checkpoints(run)), number
        act()
        assert small_runs.checkpoint_tensors(run) == uninterrupted, number
        assert yaml_text.read(str(run / "config.yaml"))["train"]["steps"] == 4, number
        assert all(read_image(p).any() for p in (run / "previews").glob("*")), number
        assert not list(run.rglob(".*")), number
        numbers.append(number)
    assert len(numbers) > 70
