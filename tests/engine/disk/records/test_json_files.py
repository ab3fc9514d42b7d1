"""JSON documents and lines are checked when read; damaged ones are refused or skipped."""

import json
import os
from pathlib import Path

import pytest
from disk_faults import (
    Fault,
    FaultyDisk,
    ProcessKilled,
    disk_full,
    io_error,
    kill_process,
)
from file_trees import RECORD

from translate.engine.disk import files
from translate.engine.disk.records import json_files
from translate.errors import CheckpointError


class NameAndCount(json_files.Record):
    """A document of two keys."""

    name: str
    count: int = 0


def write(path: Path, *values: object) -> Path:
    path.write_bytes(b"".join(json.dumps(value).encode() + b"\n" for value in values))
    return path


def test_unknown_keys_of_a_document_are_ignored(tmp_path: Path) -> None:
    path = write(tmp_path / "x", {"name": "a", "more": [1]})
    record = json_files.read_record(path, NameAndCount)
    assert (record.name, record.count, record.model_dump()["more"]) == ("a", 0, [1])
    (tmp_path / "link").symlink_to(path)  # symbolic links, as in caches of downloaded models
    assert json_files.read_record(tmp_path / "link", NameAndCount) == record


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"count": 1}, "name: is missing"), ({"name": 1}, "name: expected text, got 1"),
        ({"name": "a", "count": "1"}, "count: expected int"), ([1], "not a JSON object"),
        ({"name": "a", "count": True}, "count: expected int"),
    ],
)  # fmt: skip
def test_a_document_of_another_structure_is_a_one_line_error(
    value: object, message: str, tmp_path: Path
) -> None:
    with pytest.raises(CheckpointError, match=message) as error:
        json_files.read_record(write(tmp_path / "x", value), NameAndCount)
    assert str(tmp_path / "x") in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("levels", [json_files.MAX_DEPTH, 100_000])
def test_deep_nesting_is_refused_in_documents_and_skipped_in_lines(
    levels: int, tmp_path: Path
) -> None:
    path = tmp_path / "x"
    path.write_text('{"a":' * levels + "1" + "}" * levels)
    with pytest.raises(CheckpointError, match="nested more than 64 levels deep"):
        json_files.read_json(path)
    assert json_files.read_lines(path) == []


def test_ordinary_nesting_is_read(tmp_path: Path) -> None:
    path, levels = tmp_path / "x", json_files.MAX_DEPTH - 1
    path.write_text('{"a":' * levels + "1" + "}" * levels)
    assert json_files.read_json(path)


def test_a_document_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(CheckpointError, match="larger than 67,108,864 bytes"):
        json_files.read_json(path)


def test_only_a_line_that_is_too_long_is_skipped(tmp_path: Path) -> None:
    path = write(tmp_path / "x", {"a": 1}, {"a": "x" * 3 * json_files.MAX_LINE_BYTES}, {"a": 2})
    assert json_files.read_lines(path) == [{"a": 1}, {"a": 2}]
    assert json_files.end_of_last_record(path, lambda line: line["a"] == 1) == len(b'{"a": 1}\n')


@pytest.mark.parametrize("block", [1, 3, 7, 1 << 18])
def test_lines_are_read_backwards_in_blocks_of_any_size(
    block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_files, "BLOCK_BYTES", block)
    path = write(tmp_path / "x", {"a": 1}, [2], {"a": 3}, {"a": 4})
    content = path.read_bytes()
    path.write_bytes(content + b'\n\n{"a": 5')
    for last in (1, 3, 4):
        end = json_files.end_of_last_record(path, lambda line, last=last: line["a"] <= last)  # type: ignore[misc]
        assert json.loads(content[:end].splitlines()[-1]) == {"a": last}
    assert json_files.end_of_last_record(path, lambda _: False) == 0


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x")
    for read in (
        json_files.read_json,
        json_files.read_lines,
        lambda p: json_files.end_of_last_record(p, bool),
    ):
        with pytest.raises(CheckpointError, match="not a regular file"):
            read(tmp_path / "x")
    assert json_files.read_lines(tmp_path / "none") == []


@pytest.mark.parametrize("fault", [disk_full, io_error, kill_process])
def test_only_a_truncated_line_is_skipped(fault: Fault, tmp_path: Path, disk: FaultyDisk) -> None:
    path = tmp_path / "log.jsonl"
    files.append(path, {"step": 1})
    disk.arm(2, fault)  # the write after the open
    with pytest.raises((OSError, ProcessKilled)):
        files.append(path, {"step": 2, "text": "x" * 100})
    disk.disarm()
    assert not path.read_bytes().endswith(b"\n")
    assert json_files.read_lines(path) == [{"step": 1}]
    files.append(path, {"step": 3})
    assert json_files.read_lines(path) == [{"step": 1}, {"step": 3}]


def test_lines_that_are_not_json_objects_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"step": 1}\n[1]\n\xff\xfe\n\n{"step": 2}\n{"step": 3')
    assert json_files.read_lines(path) == [{"step": 1}, {"step": 2}]
    assert json_files.read_lines(tmp_path / "none.jsonl") == []


def test_a_line_is_ascii_for_any_name(tmp_path: Path) -> None:
    path = tmp_path / "problems.jsonl"
    files.append(path, RECORD)
    files.append(path, RECORD)
    assert path.read_bytes().isascii()
    assert json_files.read_lines(path) == [RECORD] * 2
