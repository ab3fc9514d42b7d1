"""Temporary files have short unique names, and leftovers are removed."""

import os
from pathlib import Path

import pytest
from disk_faults import (
    FaultyDisk,
    ProcessKilled,
    kill_process,
)
from file_trees import NEW, TREE_NEW, read_files

from translate.engine.disk import files, folders, partial_files


def test_cleaning_removes_only_partial_files_of_this_program(tmp_path: Path) -> None:
    for name in ("x.json", ".hidden", "part-1", "tmp-1"):
        (tmp_path / name).write_text("mine")
    (tmp_path / ".x.json.part-77").write_text("half")
    (tmp_path / ".tmp-step-1").mkdir()
    (tmp_path / ".tmp-step-1/weights").write_text("half")
    partial_files.remove_partial_files(tmp_path)
    assert set(read_files(tmp_path)) == {"x.json", ".hidden", "part-1", "tmp-1"}
    partial_files.remove_partial_files(tmp_path / "not there")


@pytest.mark.parametrize(
    "name", ["x" * 255, "\u00fc" * 127, "\U0001f5bc" * 63, "y" * 252 + "\udcff"]
)
def test_I14_temporary_names_are_short_unique_and_removed_later(
    name: str, tmp_path: Path, disk: FaultyDisk
) -> None:
    for write in (
        lambda: files.replace(tmp_path / name, NEW),
        lambda: folders.write_folder(tmp_path / name, TREE_NEW),
        lambda: folders.write_folders(tmp_path, name, [(f"{name}/a", b"1")]),
    ):
        leftovers = set[str]()
        for _ in range(2):
            disk.arm(3, kill_process)
            with pytest.raises(ProcessKilled):
                write()
            disk.disarm()
            leftovers |= set(os.listdir(tmp_path))  # noqa: PTH208
        assert len(leftovers) == 2  # each call has its own name
        smallest_limit = 143  # of a name in a file system, in bytes: eCryptfs
        assert max(len(os.fsencode(leftover)) for leftover in leftovers) <= smallest_limit
        partial_files.remove_partial_files(tmp_path)
        assert not read_files(tmp_path)
        write()
        assert os.listdir(tmp_path) == [name]  # noqa: PTH208
        remove = folders.remove_folder if (tmp_path / name).is_dir() else files.discard
        remove(tmp_path / name)
        assert not read_files(tmp_path)


def test_cleaning_keeps_recent_and_foreign_files(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    old, young = tmp_path / "deep/.a.part-1-0123456789ab", tmp_path / "deep/.b.part-2"
    foreign_files = [tmp_path / ".x.part-two", tmp_path / "y.part-1", tmp_path / ".tmp-z"]
    for path in (old, young, *foreign_files):
        path.touch()
    os.utime(old, (1, 1))
    partial_files.remove_old_partial_files(tmp_path, min_age=60)
    assert not old.exists() and young.exists()
    partial_files.remove_old_partial_files(tmp_path, min_age=0)
    assert not young.exists() and all(path.exists() for path in foreign_files)
