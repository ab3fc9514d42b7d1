"""The bytes of a file are read completely, or an error explains why not."""

from pathlib import Path

import pytest

from translate.errors import BadImage
from translate.images.files.file_bytes import identity, read_file, require_content, require_file


def test_a_folder_a_missing_file_and_an_empty_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadImage, match="not a file"):
        read_file(tmp_path)
    with pytest.raises(BadImage, match="not there"):
        require_file(tmp_path / "x.png")
    with pytest.raises(BadImage, match="an empty file"):
        require_content(tmp_path, b"")


def test_a_file_that_has_changed_has_another_identity(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(b"1")
    before = identity(path)
    with path.open("rb") as file:
        assert identity(file) == before
    path.write_bytes(b"12")
    assert identity(path) != before and read_file(path) == b"12"
