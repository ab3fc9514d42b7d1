"""The storage of a path: the disk, or what fsspec has for its scheme."""

import sys
from pathlib import Path

import pytest
from subprocesses import run_python

from translate.engine.storage.local import LOCAL
from translate.engine.storage.lookup import storage_of
from translate.engine.system.locations import parse_location
from translate.errors import ConfigError


def test_a_path_is_on_the_disk_and_a_url_in_a_store() -> None:
    assert storage_of(Path("x")) is storage_of(parse_location("file:///x")) is LOCAL
    store = storage_of(parse_location("memory://a/x"))
    assert not store.is_local
    assert store is storage_of(parse_location("memory://a/b/y"))


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"nosuch://x cannot be opened: .*nosuch"):
        storage_of(parse_location("nosuch://x/y"))


def test_a_missing_package_is_named_with_its_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("translate.errors.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r'pip install "translate-kit\[remote\]"'):
        storage_of(parse_location("memory://another/x"))


def test_a_provider_without_its_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(ConfigError, match=r's3a:// needs .*pip install "translate-kit\[remote\]"'):
        storage_of(parse_location("s3a://another/x"))  # fsspec keeps what it has loaded as s3


def test_paths_of_this_machine_import_no_fsspec() -> None:
    code = "import sys, translate.engine.storage.lookup; sys.exit('fsspec' in sys.modules)"
    run_python(code, timeout=60)
