"""The disk as a storage: names that the system refuses, and lines that threads add."""

import os
import threading
from pathlib import Path

import pytest

from translate.engine.disk.records import json_files
from translate.engine.storage.local import LOCAL, DurableLines
from translate.errors import CheckpointError


def test_a_name_that_is_too_long_does_not_exist(tmp_path: Path) -> None:
    assert not LOCAL.exists(tmp_path / ("x" * 300))


def test_a_folder_that_is_a_file_has_no_names(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match="cannot be read"):
        LOCAL.names(tmp_path / "file")


def test_waiting_threads_share_one_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines, fsync, syncs = DurableLines(tmp_path / "done.jsonl"), os.fsync, list[int]()
    barrier = threading.Barrier(9, timeout=10)

    def slow_fsync(descriptor: int) -> None:
        if not syncs:
            syncs.append(0)
            barrier.wait()  # until all other threads wait
            while lines.line_count < 9:
                pass
        syncs.append(descriptor)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", slow_fsync)

    def add(number: int) -> None:
        if number:
            barrier.wait()
        lines.add({"number": number})
        assert lines.durable_count > 0

    threads = [threading.Thread(target=add, args=(number,)) for number in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lines.durable_count == lines.line_count == 9
    assert len(syncs) <= 1 + 3, "one for the first thread, one for the name, one for all others"
    assert sorted(line["number"] for line in json_files.read_lines(lines.path)) == list(range(9))
