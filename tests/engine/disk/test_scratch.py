"""Scratch files have no name in their folder, so that nothing is left after a crash."""

import errno
from pathlib import Path

import pytest

from translate.engine.disk import scratch
from translate.engine.disk.scratch import ScratchFile


def test_bytes_are_read_back_from_a_file_without_a_name(tmp_path: Path) -> None:
    file = ScratchFile(tmp_path / "new", 100)
    assert [*(tmp_path / "new").iterdir()] == []
    file.write(90, memoryview(b"0123456789"))
    buffer = bytearray(5)
    file.read_into(92, memoryview(buffer))
    assert buffer == b"23456"
    with pytest.raises(OSError, match="shorter"):
        file.read_into(98, memoryview(buffer))
    file.close()


def test_a_full_disk_is_found_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "free_bytes", lambda _: 1_000_000_000)
    with pytest.raises(OSError, match=r"7\.0 GB of scratch files, and 1\.0 GB are free") as raised:
        ScratchFile(tmp_path, 7_000_000_000)
    assert raised.value.errno == errno.ENOSPC


def test_a_file_with_a_name_is_deleted_after_use() -> None:
    with pytest.raises(ValueError, match="stop"), scratch.temporary_file_with_name() as file:
        file.write(b"x")
        file.flush()
        path = Path(file.name)
        assert path.read_bytes() == b"x"
        raise ValueError("stop")
    assert not path.exists()
