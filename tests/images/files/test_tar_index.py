"""The index of a tar file has the places of its members, and their headers are recognized again."""

import tarfile
from io import BytesIO
from pathlib import Path

import pytest
from shard_files import tar_file

from translate.images.files.tar_index import is_header_of, read_headers

LONG_NAME = "folder/" * 30 + "x.png"
"""more characters than a header can hold: an extended header has the name"""


@pytest.mark.parametrize("name", ["a.png", "folder/b.png", "sch\u00f6n.png", LONG_NAME])
def test_the_header_of_a_member_is_before_its_content(name: str) -> None:
    data = tar_file({"first": b"1", name: b"0123456789"})
    index = read_headers(BytesIO(data), Path("x.tar"), len(data))  # type: ignore[arg-type]
    path = Path("x.tar") / name
    start, size = index.members[path]
    assert data[start : start + size] == b"0123456789" and not index.problems
    header = data[start - tarfile.BLOCKSIZE : start]
    assert is_header_of(header, path, size)
    assert not is_header_of(header, path, size + 1)
    assert not is_header_of(b"0" * tarfile.BLOCKSIZE, path, size)


def test_the_header_of_another_member_of_the_same_size_is_refused() -> None:
    data = tar_file({"a.png": b"1", "b.png": b"2"})
    assert not is_header_of(data[: tarfile.BLOCKSIZE], Path("x.tar/b.png"), 1)
