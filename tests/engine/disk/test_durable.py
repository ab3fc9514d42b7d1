"""Bytes are synced before names, and short writes are continued."""

from pathlib import Path

from disk_faults import (
    FaultyDisk,
    short_write,
)
from file_trees import NEW, RECORD

from translate.engine.disk import files, folders
from translate.engine.disk.records import json_files


def test_short_writes_are_continued(tmp_path: Path, disk: FaultyDisk) -> None:
    for path in (tmp_path / "whole", tmp_path / "lines.jsonl"):
        for index in range(1, 6):
            disk.arm(index, short_write)
            files.replace(path, NEW) if path.name == "whole" else files.append(path, RECORD)
            disk.disarm()
    assert (tmp_path / "whole").read_bytes() == NEW
    assert json_files.read_lines(tmp_path / "lines.jsonl") == [RECORD] * 5


def test_bytes_are_durable_before_the_name_and_the_name_before_return(
    tmp_path: Path, disk: FaultyDisk
) -> None:
    path = tmp_path / "x"
    disk.arm(0, short_write)
    files.replace(path, NEW)
    assert disk.operations[-5:] == ["open", "write", "fsync", "replace", "fsync"]
    disk.arm(0, short_write)
    folders.write_folder(tmp_path / "y", {"a": b"1", "b": b"2"})
    disk.disarm()
    operations = ["open", "write", "fsync"]
    assert disk.operations[-9:] == [*operations, *operations, "fsync", "rename", "fsync"]
