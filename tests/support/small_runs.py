"""Train tiny networks for a few steps, and read what the runs report and save."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from disk_faults import FaultyDisk, ProcessKilled, kill_process, short_write

from translate.engine.checkpoints import retention
from translate.engine.config import layers
from translate.engine.config.schema import Config
from translate.engine.processes.signals import Interrupts
from translate.engine.system import console
from translate.engine.training import train as training
from translate.engine.training.request import TrainingRequest
from translate.progress import ProgressReport, ProgressReporter
from translate.results import TrainingResult

RESNET = {"name": "resnet", "width": 2, "blocks": 1, "downsamplings": 1}
PATCH = {"name": "patch", "width": 2, "layers": 1}
UNET = {"name": "unet", "width": 2, "levels": 6}  # 6 levels are the fewest that have dropout
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "cyclegan": {"generator": RESNET, "discriminator": PATCH, "pool_size": 3},
    "pix2pix": {"generator": UNET, "discriminator": {**PATCH, "norm": "batch"}},
}
SIZES = {"cyclegan": 16, "pix2pix": 64}


class ProgressRecorder(ProgressReporter):
    """Records progress reports and messages."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.reports: list[ProgressReport] = []

    def message(self, line: str) -> None:
        self.lines.append(line)

    def progress(self, report: ProgressReport) -> None:
        self.reports.append(report)

    def __str__(self) -> str:
        return "\n".join(self.lines)


def config(root: Path, recipe: str = "cyclegan", **flags: Any) -> Config:
    """Return a small configuration on the domains ``a`` and ``b`` below `root`.

    Flags are ``train__steps=4`` for ``train.steps``. By default only the last step is saved and
    logged, and there are no previews.
    """
    defaults = {
        "data.root": str(root),
        "data.domains": ["a", "b"],
        "data.size": SIZES.get(recipe, 16),
        "train.steps": 4,
        "train.device": "cpu",
        "train.preview_every": 0,
        **{f"options.{key}": value for key, value in OPTIONS.get(recipe, {}).items()},
    }
    return layers.resolve(
        recipe, flags={**defaults, **{k.replace("__", "."): v for k, v in flags.items()}}
    )


def train(
    config: Config, out: Path | None, progress: ProgressReporter | None = None, **options: Any
) -> TrainingResult:
    """Start a run and train it to the end; `progress` gets the messages, too."""
    progress = progress or ProgressReporter()
    with console.messages(progress.message):
        return training.start(config, out=out, progress=progress, **options)


def resume(
    run: Path,
    progress: ProgressReporter | None = None,
    *,
    steps: int | None = None,
    epochs: int | None = None,
    device: str | None = None,
    interrupts: Interrupts | None = None,
    **options: Any,
) -> TrainingResult:
    """Resume a run, optionally to another last step or on another device."""
    changes = {"train.steps": steps, "train.epochs": epochs, "train.device": device}
    flags = {key: value for key, value in changes.items() if value is not None}
    progress = progress or ProgressReporter()
    with console.messages(progress.message):
        request = TrainingRequest(resume=run, flags=flags, **options)
        return training.train(request, progress=progress, interrupts=interrupts)


def count_disk_operations(config: Config, run: Path, disk: FaultyDisk) -> int:
    """Start a run and train it to the end; return the number of file operations."""
    train(config, run.with_name("first"))  # PyTorch makes folders in a process's first training
    disk.arm(0, short_write)
    train(config, run)
    disk.disarm()
    return disk.count


def train_with_kill(config: Config, run: Path, disk: FaultyDisk, at: int) -> None:
    """Train, kill the process at file operation `at`, and resume to the end."""
    disk.arm(at, kill_process)
    with pytest.raises(ProcessKilled):
        train(config, run)
    disk.disarm()
    if checkpoint_steps(run):
        resume(run)
    else:  # killed before the first checkpoint: the same command starts again
        train(config, run)


def equal_checkpoints(run: Path, other: Path) -> bool:
    """Return whether the newest checkpoints of two runs have the same bytes."""
    return checkpoint_tensors(run) == checkpoint_tensors(other)


def checkpoint_tensors(run: Path) -> dict[str, bytes]:
    """Return the bytes of every tensor file of the newest checkpoint, which must be intact."""
    path, messages = retention.newest_checkpoint(run)
    assert not messages
    return {file.name: file.read_bytes() for file in sorted(path.glob("*.safetensors"))}


def checkpoint_steps(run: Path) -> list[int]:
    """Return the steps that have a checkpoint, in order."""
    return sorted(step for step, _ in retention.list_checkpoints(run))


def replace_checkpoint_file(path: Path, name: str, data: bytes) -> None:
    """Replace one file of the checkpoint at `path`, and its entry in the manifest."""
    (path / name).write_bytes(data)
    manifest = json.loads((path / "MANIFEST.json").read_bytes())
    manifest["files"][name] = {"sha256": sha256(data).hexdigest(), "size": len(data)}
    (path / "MANIFEST.json").write_text(json.dumps(manifest))
