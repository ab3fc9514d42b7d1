"""Checkpoints are written atomically, and intact ones are never lost to a fault."""

import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
import small_runs
import two_processes
from disk_faults import (
    Fault,
    FaultyDisk,
    ProcessKilled,
    disk_full,
    flip_bit,
    io_error,
    kill_process,
    short_write,
)
from power_cut import DiskRecorder, write_tree
from training_states import build_training_state, file_contents, save, train_steps

from translate.engine.checkpoints import read, retention
from translate.errors import SaveError


@pytest.mark.parametrize("fault", [disk_full, io_error])
def test_a_disk_error_is_a_save_error_and_keeps_old_checkpoints(
    fault: Fault, tmp_path: Path, disk: FaultyDisk
) -> None:
    training = build_training_state(train__keep=2)
    first = save(tmp_path, training)
    (tmp_path / "elsewhere/checkpoints").mkdir(parents=True)
    disk.arm(0, short_write)  # counts operations, without a fault
    save(tmp_path / "elsewhere", training, step=1)
    writes = [i for i, name in enumerate(disk.operations, 1) if name == "write"]
    for number in writes:
        disk.arm(number, fault)
        with pytest.raises(SaveError, match=r"could not save step 1: "):
            save(tmp_path, training)
        disk.disarm()
        assert retention.newest_checkpoint(tmp_path) == (first, [])
        assert [*(tmp_path / "checkpoints").iterdir()] == [first]
    save(tmp_path, training)
    assert retention.newest_checkpoint(tmp_path)[0].name == "step-00000001"


def test_T4_too_little_disk_space_is_reported_before_writing(
    tmp_path: Path, disk: FaultyDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = build_training_state(train__ema=0.5)
    train_steps(training, 1)
    path = save(tmp_path, training)
    needed = sum(file.stat().st_size for file in path.glob("*.safetensors"))
    file_system_status = SimpleNamespace(f_blocks=10, f_bavail=needed // 2, f_frsize=1)
    monkeypatch.setattr(os, "statvfs", lambda _: file_system_status)
    training.step = 2
    disk.arm(0, short_write)
    with pytest.raises(SaveError) as error:
        save(tmp_path, training)
    disk.disarm()
    free = f"the folder takes 0.1 MB, and {needed / 2e6:.1f} MB are free"
    assert str(error.value) == f"could not save step 2: No space left on device: {free}"
    assert not {"open", "write"} & set(disk.operations)
    assert [p.name for p in (tmp_path / "checkpoints").iterdir()] == ["step-00000001"]
    for step, blocks in ((3, needed), (4, 0)):  # 0: a file system that does not count blocks
        file_system_status.f_bavail = file_system_status.f_blocks = blocks
        assert save(tmp_path, training, step).name == f"step-{step:08d}"


def test_P4_T4_a_file_size_limit_keeps_older_checkpoints(tmp_path: Path) -> None:
    training = build_training_state(train__ema=0.5)
    train_steps(training, 1)
    first = save(tmp_path, training)
    largest = max(file.stat().st_size for file in first.iterdir())
    training.step = 2
    for part in range(10):
        limit = largest * part // 10

        def save_within(_: int, limit: int = limit) -> str:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))  # of this forked process
            with pytest.raises(SaveError) as error:
                save(tmp_path, training)
            return str(error.value)

        assert two_processes.run(save_within, world=1) == ["could not save step 2: File too large"]
        assert retention.newest_checkpoint(tmp_path) == (first, [])
        assert list((tmp_path / "checkpoints").iterdir()) == [first]


def test_T2_a_killed_save_leaves_an_intact_checkpoint_and_no_files_after_the_next_save(
    tmp_path: Path, disk: FaultyDisk
) -> None:
    training = build_training_state(train__keep=2, train__ema=0.5)
    for step in (0, 1):
        save(tmp_path, training, step)
    disk.arm(0, short_write)  # counts operations, without a fault
    save(tmp_path, training, step=2)
    total = disk.count
    disk.disarm()
    assert total > 25
    newest_steps = set()
    for number in range(1, total + 1):
        run = tmp_path / f"run-{number}"
        for step in (0, 1):
            save(run, training, step)
        disk.arm(number, kill_process)
        with pytest.raises(ProcessKilled):
            save(run, training, step=2)
        disk.disarm()
        checkpoint, warnings = retention.newest_checkpoint(run)
        assert not warnings
        newest_steps.add(read.read_checkpoint(checkpoint).step)
        save(run, training)
        names = sorted(p.name for p in (run / "checkpoints").iterdir())
        assert names == ["step-00000001", "step-00000002"]
    assert newest_steps == {1, 2}


def test_P3_T3_the_newest_complete_state_survives_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training, run = build_training_state(train__keep=2), tmp_path / "run"
    for step in (0, 1):
        save(run, training, step)
    with monkeypatch.context() as patch:
        recorder = DiskRecorder(run, patch)
        save(run, training, step=2)

    def newest_steps(name: str, first: int = 0) -> Iterator[tuple[bool, int]]:
        """Yield for each possible crash whether the save was complete, and the newest step."""
        for number, (complete, tree) in enumerate(recorder.crash_states(first_operation=first)):
            files = write_tree(tree, tmp_path / f"{name}-{number}")
            checkpoint, _ = retention.newest_checkpoint(files)
            yield complete, read.read_checkpoint(checkpoint).step

    crashes = list(newest_steps("synced"))
    assert len(crashes) > 24
    assert {step for _, step in crashes} == {1, 2}
    assert {step for complete, step in crashes if complete} == {2}, "a saved checkpoint is durable"
    operations = recorder.done
    for kind in (bytes, dict):  # syncs of files, and of folders
        recorder.done = operations
        recorder.forget_syncs(kind)
        crashes_at_the_end = newest_steps(kind.__name__, len(recorder.done))
        assert {step for _, step in crashes_at_the_end} == {1, 2}, "syncs are necessary"


def test_corrupt_writes_are_detected_before_anything_is_removed(
    tmp_path: Path, disk: FaultyDisk
) -> None:
    training = build_training_state(train__keep=2)
    for step in (0, 1):
        save(tmp_path, training, step)
    disk.arm(1, flip_bit, always=True)
    with pytest.raises(SaveError, match=r"could not save step 2: .*MANIFEST.json cannot be read"):
        save(tmp_path, training, step=2)
    disk.disarm()
    assert small_runs.checkpoint_steps(tmp_path)[:2] == [0, 1]
    assert retention.newest_checkpoint(tmp_path)[0].name == "step-00000001"


def test_an_intact_checkpoint_is_never_removed_to_be_rewritten(
    tmp_path: Path, disk: FaultyDisk
) -> None:
    training = build_training_state()
    path = save(tmp_path, training)
    before = file_contents(path)
    for index in range(1, 60):
        disk.arm(index, kill_process)
        with suppress(ProcessKilled):
            save(tmp_path, training)
        disk.disarm()
        assert file_contents(path) == before
