"""The one door to the disk: at whatever operation it fails, a file is the old or the new one."""

import errno
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from disk_faults import (
    Fault,
    FaultyDisk,
    ProcessKilled,
    disk_full,
    each_operation,
    io_error,
    kill_process,
    short_write,
)
from power_cut import DiskRecorder

from translate.engine.disk import files, folders, json_files, partial_files
from translate.errors import SaveError

OLD, NEW = b"old" * 100, b"new" * 1000
TREE_OLD = {"a": b"1" * 10, "b": b"2" * 20}
TREE_NEW = {"a": b"3" * 30, "c": b"4" * 40}
RECORD = {"step": 3, "text": "unicode \u2603 and a byte that is none \udcff"}


def tree(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir()} if folder.exists() else {}


def visible(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir() if not p.name.startswith(".")}


@pytest.mark.parametrize("fault", [disk_full, io_error, kill_process])
@pytest.mark.parametrize("before", [OLD, None])
def test_a_replaced_file_is_old_or_new_whatever_fails(
    fault: Fault, before: bytes | None, tmp_path: Path, disk: FaultyDisk
) -> None:
    folder = tmp_path / "deep/er"
    path = folder / "x.json"

    def prepare() -> None:
        if path.exists():
            path.unlink()
        if before is not None:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(before)

    outcomes = set()
    for _, run in each_operation(disk, prepare, lambda: files.replace(path, NEW)):
        failed = run(fault)
        now = path.read_bytes() if path.exists() else None
        assert now in (before, NEW)
        assert failed or now == NEW  # success is never claimed of what is not there
        outcomes.add(now)
        if fault is not kill_process:
            assert visible(folder) | {"x.json"} == set(os.listdir(folder)) | {"x.json"}  # noqa: PTH208
        partial_files.remove_partial_files(folder)
        assert set(tree(folder)) <= {"x.json"}
    assert outcomes == {before, NEW}


@pytest.mark.parametrize("fault", [disk_full, io_error, kill_process])
def test_a_written_folder_appears_whole_or_not_at_all(
    fault: Fault, tmp_path: Path, disk: FaultyDisk
) -> None:
    target = tmp_path / "step-1"

    def prepare() -> None:
        partial_files.remove_partial_files(tmp_path)
        if target.exists():
            folders.remove_folder(target)

    outcomes = []
    for _, run in each_operation(disk, prepare, lambda: folders.write_folder(target, TREE_NEW)):
        failed = run(fault)
        now = tree(target)
        assert now in ({}, TREE_NEW)
        assert failed or now == TREE_NEW
        assert visible(tmp_path) <= {"step-1"}
        outcomes.append(bool(now))
        partial_files.remove_partial_files(tmp_path)
        assert os.listdir(tmp_path) == (["step-1"] if now else [])  # noqa: PTH208
    assert set(outcomes) == {False, True}


@pytest.mark.parametrize("fault", [disk_full, io_error, kill_process])
def test_a_folder_that_takes_anothers_place_is_never_a_mixture(
    fault: Fault, tmp_path: Path, disk: FaultyDisk
) -> None:
    target = tmp_path / "step-1"

    def prepare() -> None:
        partial_files.remove_partial_files(tmp_path)
        if target.exists():
            folders.remove_folder(target)
        folders.write_folder(target, TREE_OLD)

    for _, run in each_operation(disk, prepare, lambda: folders.write_folder(target, TREE_NEW)):
        run(fault)
        assert tree(target) in ({}, TREE_OLD, TREE_NEW)


@pytest.mark.parametrize("fault", [disk_full, io_error, kill_process])
def test_a_removed_folder_is_there_whole_or_gone(
    fault: Fault, tmp_path: Path, disk: FaultyDisk
) -> None:
    target = tmp_path / "step-1"

    def prepare() -> None:
        partial_files.remove_partial_files(tmp_path)
        if not target.exists():
            folders.write_folder(target, TREE_OLD)

    for _, run in each_operation(disk, prepare, lambda: folders.remove_folder(target)):
        run(fault)
        assert tree(target) in ({}, TREE_OLD)


def test_short_writes_are_continued(tmp_path: Path, disk: FaultyDisk) -> None:
    for path in (tmp_path / "whole", tmp_path / "lines.jsonl"):
        for at in range(1, 6):
            disk.arm(at, short_write)
            files.replace(path, NEW) if path.name == "whole" else files.append(path, RECORD)
            disk.disarm()
    assert (tmp_path / "whole").read_bytes() == NEW
    assert json_files.read_lines(tmp_path / "lines.jsonl") == [RECORD] * 5


def test_bytes_are_durable_before_the_name_is_and_the_name_before_success(
    tmp_path: Path, disk: FaultyDisk
) -> None:
    path = tmp_path / "x"
    disk.arm(0, short_write)
    files.replace(path, NEW)
    assert disk.operations[-5:] == ["open", "write", "fsync", "replace", "fsync"]
    disk.arm(0, short_write)
    folders.write_folder(tmp_path / "y", {"a": b"1", "b": b"2"})
    disk.disarm()
    made = ["open", "write", "fsync"]
    assert disk.operations[-9:] == [*made, *made, "fsync", "rename", "fsync"]


@pytest.mark.parametrize("fault", [disk_full, io_error, kill_process])
def test_a_folder_of_many_files_is_there_whole_or_not_at_all(
    fault: Fault, tmp_path: Path, disk: FaultyDisk
) -> None:
    target, many = tmp_path / "many", {str(n): b"%d" % n for n in range(folders.MANY + 1)}
    for at in (1, 150, 3 * len(many) + 2):  # the folder, a file, the folder once more
        disk.arm(at, fault)
        with pytest.raises((OSError, ProcessKilled)):
            folders.write_folder(target, many)
        disk.disarm()
        assert not target.exists()
    disk.arm(0, short_write)
    folders.write_folder(target, many)
    disk.disarm()
    assert tree(target) == many
    assert disk.operations.count("fsync") == len(many) + 2
    assert disk.operations[-3:] == ["fsync", "rename", "fsync"]


# -- JSON lines ------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [disk_full, io_error, kill_process])
def test_a_line_cut_short_costs_nothing_but_itself(
    fault: Fault, tmp_path: Path, disk: FaultyDisk
) -> None:
    path = tmp_path / "log.jsonl"
    files.append(path, {"step": 1})
    disk.arm(2, fault)  # open, write
    with pytest.raises((OSError, ProcessKilled)):
        files.append(path, {"step": 2, "text": "x" * 100})
    disk.disarm()
    assert not path.read_bytes().endswith(b"\n")
    assert json_files.read_lines(path) == [{"step": 1}]
    files.append(path, {"step": 3})
    assert json_files.read_lines(path) == [{"step": 1}, {"step": 3}]


def test_lines_of_another_kind_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"step": 1}\n[1]\n\xff\xfe\n\n{"step": 2}\n{"step": 3')
    assert json_files.read_lines(path) == [{"step": 1}, {"step": 2}]
    assert json_files.read_lines(tmp_path / "none.jsonl") == []


def test_a_line_is_ascii_so_that_any_name_can_be_listed(tmp_path: Path) -> None:
    path = tmp_path / "problems.jsonl"
    files.append(path, RECORD)
    assert path.read_bytes().isascii()
    assert json_files.read_lines(path) == [RECORD]
    files.append(path, RECORD)
    assert json_files.read_lines(path) == [RECORD] * 2


def test_a_line_is_one_write(tmp_path: Path, disk: FaultyDisk) -> None:
    disk.arm(0, short_write)
    files.append(tmp_path / "log.jsonl", RECORD)
    disk.disarm()
    assert disk.operations.count("write") == 1


# -- the rest --------------------------------------------------------------------------------------


def test_claim_makes_the_folder_and_leaves_nothing_in_it(tmp_path: Path) -> None:
    folders.ensure_writable(tmp_path / "deep/er")
    assert os.listdir(tmp_path / "deep/er") == []  # noqa: PTH208


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_folder_that_cannot_be_written_to_is_found_out_before_any_work(
    at: int, tmp_path: Path, disk: FaultyDisk
) -> None:
    disk.arm(at, lambda *_: (_ for _ in ()).throw(OSError(errno.EROFS, "Read-only file system")))
    with pytest.raises(SaveError, match=r"cannot write to .*: Read-only file system\.") as caught:
        folders.ensure_writable(tmp_path / "run")
    disk.disarm()
    assert caught.value.exit_code == 2
    with suppress(FileNotFoundError):
        assert not [name for name in tree(tmp_path / "run") if not name.startswith(".probe.part-")]
        folders.ensure_writable(tmp_path / "run")
        assert not tree(tmp_path / "run")


def test_a_file_is_no_folder_to_write_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SaveError, match=r"cannot write to .*file/run: Not a directory"):
        folders.ensure_writable(tmp_path / "file/run")
    with pytest.raises(SaveError, match=r"cannot write to .*file: File exists"):
        folders.ensure_writable(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_sweeping_takes_only_what_this_program_left(tmp_path: Path) -> None:
    for name in ("x.json", ".hidden", "part-1", "tmp-1"):
        (tmp_path / name).write_text("mine")
    (tmp_path / ".x.json.part-77").write_text("half")
    (tmp_path / ".tmp-step-1").mkdir()
    (tmp_path / ".tmp-step-1/weights").write_text("half")
    partial_files.remove_partial_files(tmp_path)
    assert set(tree(tmp_path)) == {"x.json", ".hidden", "part-1", "tmp-1"}
    partial_files.remove_partial_files(tmp_path / "not there")


def test_a_long_name_can_be_replaced(tmp_path: Path) -> None:
    files.replace(tmp_path / ("x" * 250), NEW)
    assert tree(tmp_path) == {"x" * 250: NEW}


LONG = ["n" * 210 + f"{k}.png" for k in range(4)]
LONG += ["\u00e9" * 125 + f"{k}.pg" for k in range(2)] + [
    "\U0001f5bc" * 62 + f"{k}.p" for k in range(2)
]


def test_I14_long_names_that_differ_only_at_their_end_are_never_mixed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync, wrong = os.fsync, list[str]()
    monkeypatch.setattr(os, "fsync", lambda descriptor: (time.sleep(0.001), fsync(descriptor)))

    def write(number: int) -> None:
        path, mine = tmp_path / LONG[number], bytes([number]) * 100_000
        for _ in range(10):
            files.replace(path, mine)
            if path.read_bytes() != mine:
                wrong.append(path.name)

    with ThreadPoolExecutor(len(LONG)) as pool:
        list(pool.map(write, range(len(LONG))))  # raises what a thread raised
    assert not wrong
    assert visible(tmp_path) == set(os.listdir(tmp_path)) == set(LONG)  # noqa: PTH208


@pytest.mark.parametrize(
    "name", ["x" * 255, "\u00fc" * 127, "\U0001f5bc" * 63, "y" * 252 + "\udcff"]
)
def test_I14_temporary_names_are_short_unique_and_found_by_a_sweep(
    name: str, tmp_path: Path, disk: FaultyDisk
) -> None:
    for write in (
        lambda: files.replace(tmp_path / name, NEW),
        lambda: folders.write_folder(tmp_path / name, TREE_NEW),
        lambda: folders.write_folders(tmp_path, name, [(f"{name}/a", b"1")]),
    ):
        left = set[str]()
        for _ in range(2):
            disk.arm(3, kill_process)
            with pytest.raises(ProcessKilled):
                write()
            disk.disarm()
            left |= set(os.listdir(tmp_path))  # noqa: PTH208
        assert len(left) == 2, "each call has a name of its own"
        assert max(len(os.fsencode(found)) for found in left) <= 143, "the least limit there is"
        partial_files.remove_partial_files(tmp_path)
        assert not tree(tmp_path)
        write()
        assert os.listdir(tmp_path) == [name]  # noqa: PTH208
        folders.remove_folder(tmp_path / name) if (tmp_path / name).is_dir() else files.discard(
            tmp_path / name
        )
        assert not tree(tmp_path)


def test_sweeping_files_leaves_what_is_young_or_somebody_elses(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    old, young = tmp_path / "deep/.a.part-1-0123456789ab", tmp_path / "deep/.b.part-2"
    theirs = [tmp_path / ".x.part-two", tmp_path / "y.part-1", tmp_path / ".tmp-z"]
    for path in (old, young, *theirs):
        path.touch()
    os.utime(old, (1, 1))
    partial_files.remove_old_partial_files(tmp_path, older=60)
    assert not old.exists() and young.exists()
    partial_files.remove_old_partial_files(tmp_path, older=0)
    assert not young.exists() and all(path.exists() for path in theirs)


def test_new_folders_are_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        recorder = DiskRecorder(tmp_path, patch)
        files.replace(tmp_path / "deep/er/x", NEW)
        folders.write_folders(tmp_path, "set", [("a/train/1", b"1"), ("a/test/2", b"2")])
    last = [image for done, image in recorder.crash_states(first=len(recorder.done)) if done]
    whole = {"a": {"train": {"1": b"1"}, "test": {"2": b"2"}}, "deep": {"er": {"x": NEW}}}
    for image in last:
        shown = {name: content for name, content in image.items() if not name.startswith(".")}
        assert shown == whole, "what was written before success was reported is there to stay"
    done = recorder.done
    for kind in (bytes, dict):
        recorder.done = done
        recorder.forget_syncs(kind)
        states = [image for _, image in recorder.crash_states(first=len(recorder.done))]
        assert any(image.get("a") not in (None, whole["a"]) for image in states), "syncs matter"


def test_D20_what_came_of_a_download_that_broke_off_is_made_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionError("cut")

    synced: list[int] = []
    fsync = os.fsync

    def watch(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_size)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    with pytest.raises(ConnectionError):
        files.extend(tmp_path / "set.zip", interrupted(), start=0)
    files.extend(tmp_path / "set.zip", [b" and half"], start=4)
    assert synced == [4, 13]
    assert (tmp_path / "set.zip").read_bytes() == b"half and half"
