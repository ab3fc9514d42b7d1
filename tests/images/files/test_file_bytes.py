"""The bytes of a file are read once and whole, or there is one clear reason."""

from pathlib import Path

import pytest

from translate.errors import BadImage
from translate.images.files.file_bytes import identity, not_empty, read_file, require_file


def test_what_is_no_file_has_a_reason(tmp_path: Path) -> None:
    with pytest.raises(BadImage, match="not a file"):
        read_file(tmp_path)
    with pytest.raises(BadImage, match="not there"):
        require_file(tmp_path / "x.png")
    with pytest.raises(BadImage, match="an empty file"):
        not_empty(tmp_path, b"")


def test_a_file_that_was_replaced_has_another_identity(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(b"1")
    before = identity(path)
    with path.open("rb") as file:
        assert identity(file) == before
    path.write_bytes(b"12")
    assert identity(path) != before and read_file(path) == b"12"
