"""Files of a store are read before they are asked for, and a limited number of them."""

import time
from collections import Counter
from uuid import uuid4

import pytest

from translate.engine.storage import read_ahead
from translate.engine.storage.lookup import storage_of
from translate.engine.storage.objects import ObjectStore
from translate.engine.storage.read_ahead import ReadAhead
from translate.engine.system.locations import parse_location
from translate.errors import BadImage


def test_files_are_read_once_ahead_and_within_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "AHEAD", 3)
    root, reads, real = parse_location(f"memory://{uuid4()}"), Counter[str](), ObjectStore._read
    paths = [root / f"{number}.png" for number in range(8)]
    for path in paths:
        storage_of(path).replace(path, path.name.encode())

    def read(store: ObjectStore, path: object) -> bytes:
        reads[str(path)] += 1
        return real(store, path)  # type: ignore[arg-type]

    monkeypatch.setattr(ObjectStore, "_read", read)
    ahead = ReadAhead(paths)
    assert ahead.open_image(paths[0]).data == b"0.png"
    deadline = time.monotonic() + 5
    while len(reads) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(reads) == 3
    assert [ahead.open_image(path).data for path in paths[1:]] == [
        p.name.encode() for p in paths[1:]
    ]
    assert set(reads.values()) == {1} and len(reads) == 8
    assert ahead.open_image(paths[3]).data == b"3.png", "asked for again"
    ahead.close()


def test_a_missing_file_is_an_error_when_it_is_read() -> None:
    root = parse_location(f"memory://{uuid4()}")
    ahead = ReadAhead([root / "none.png"])
    with pytest.raises(BadImage, match="not there"):
        ahead.open_image(root / "none.png")
    ahead.close()
