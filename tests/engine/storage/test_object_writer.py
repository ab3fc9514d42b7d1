"""Objects are complete or absent, even if the file system is not atomic."""

from pathlib import Path
from uuid import uuid4

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from translate.engine.storage.object_writer import ObjectWriter
from translate.engine.system.locations import parse_location


@pytest.fixture
def folder() -> Path:
    return parse_location(f"memory://{uuid4()}")


@pytest.mark.parametrize("is_atomic", [True, False])
def test_a_new_object_never_replaces_an_existing_one(
    folder: Path, tmp_path: Path, is_atomic: bool
) -> None:
    files, file = MemoryFileSystem(), tmp_path / "x"
    file.write_bytes(b"2")
    writer = ObjectWriter(files, is_atomic)
    writer.write(folder / "x", b"1", new=True)
    with pytest.raises(FileExistsError):
        writer.write(folder / "x", b"2", new=True)
    with pytest.raises(FileExistsError):
        writer.upload(folder / "x", str(file), new=True)
    assert files.cat_file(str(folder / "x")) == b"1"
    writer.upload(folder / "x", str(file), new=False)
    assert files.cat_file(str(folder / "x")) == b"2"
    assert len(files.ls(str(folder))) == 1


def test_an_upload_that_fails_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    files = MemoryFileSystem()
    with pytest.raises(OSError, match=r"No such file|not there"):
        ObjectWriter(files, is_atomic=False).upload(folder / "x", str(tmp_path / "none"), new=False)
    assert not files.exists(str(folder / "x"))
