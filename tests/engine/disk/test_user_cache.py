"""The folder of the user's cache."""

import sys
from pathlib import Path

import pytest

from translate.engine.disk import user_cache


def test_the_cache_is_in_the_folder_of_the_environment_variable_or_of_the_system(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(user_cache.VARIABLE, "/mine")
    assert user_cache.folder("models") == Path("/mine/models")
    monkeypatch.delenv(user_cache.VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    monkeypatch.setattr(sys, "platform", "linux")
    assert user_cache.folder("models") == Path("/caches/translate/models")
