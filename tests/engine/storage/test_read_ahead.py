"""A limited number of files of a store are read before they are used."""

import time
from collections import Counter
from typing import Any
from uuid import uuid4

import pytest

from translate.engine.storage import read_ahead
from translate.engine.storage.lookup import storage_of
from translate.engine.storage.objects import ObjectStore
from translate.engine.storage.read_ahead import ReadAhead
from translate.engine.system.locations import parse_location
from translate.errors import BadImage


def test_files_are_read_once_ahead_and_within_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "MAX_FILES_AHEAD", 3)
    root, counts, read = parse_location(f"memory://{uuid4()}"), Counter[str](), ObjectStore._read
    paths = [root / f"{number}.png" for number in range(8)]
    for path in paths:
        storage_of(path).replace(path, path.name.encode())

    def count_and_read(store: ObjectStore, path: Any) -> bytes:
        counts[str(path)] += 1
        return read(store, path)

    monkeypatch.setattr(ObjectStore, "_read", count_and_read)
    ahead = ReadAhead(paths)
    assert ahead.open_image(paths[0]).data == b"0.png"
    deadline = time.monotonic() + 5
    while len(counts) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(counts) == 3
    for path in paths[1:]:
        assert ahead.open_image(path).data == path.name.encode()
    assert set(counts.values()) == {1} and len(counts) == 8
    assert ahead.open_image(paths[3]).data == b"3.png", "it is read again"
    ahead.close()


def test_a_missing_file_is_an_error_when_it_is_read() -> None:
    root = parse_location(f"memory://{uuid4()}")
    ahead = ReadAhead([root / "none.png"])
    with pytest.raises(BadImage, match="not there"):
        ahead.open_image(root / "none.png")
    ahead.close()
