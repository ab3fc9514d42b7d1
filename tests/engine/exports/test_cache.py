"""The cache of exported models has only complete models, and a limited size."""

import os
from pathlib import Path

import pytest

from translate.engine.disk import user_cache
from translate.engine.exports import cache


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(user_cache.VARIABLE, str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("content", [b"\n12\n", b"", {"a.xml": b"\n1", "b.bin": b""}])
def test_a_model_is_read_back_as_written(content: cache.Content) -> None:
    assert cache.read("key") is None
    cache.write("key", content)
    assert cache.read("key") == content


def test_a_damaged_model_counts_as_absent() -> None:
    cache.write("key", b"weights")
    (path,) = cache.folder().iterdir()
    complete = path.read_bytes()
    changed_data = complete.replace(b"weights", b"weight5")
    for damaged in (b"", complete[:-1], complete[:5], changed_data, b"[]\n"):
        path.write_bytes(damaged)
        assert cache.read("key") is None


def test_the_least_recently_used_models_are_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    for age, key in enumerate(["new", "middle", "old"]):
        cache.write(key, bytes(1000))
        os.utime(cache.folder() / f"{key}.model", (10**9 - age, 10**9 - age))
    assert cache.read("old") is not None  # which makes it the newest
    monkeypatch.setattr(cache, "LIMIT", 3500)
    cache.write("another", bytes(1000))
    assert {path.stem for path in cache.folder().iterdir()} == {"old", "new", "another"}


def test_a_key_depends_on_all_inputs_and_not_on_their_order() -> None:
    different = [{"a": 1}, {"a": 2}, {"a": 1, "b": None}]
    assert len({cache.key_of(inputs) for inputs in different}) == 3
    assert cache.key_of({"a": 1, "b": 2}) == cache.key_of({"b": 2, "a": 1})
