"""The place of the user's cache."""

import sys
from pathlib import Path

import pytest

from translate.engine.disk import user_cache


def test_the_folder_is_the_users_cache_unless_a_variable_names_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(user_cache.VARIABLE, "/mine")
    assert user_cache.folder("models") == Path("/mine/models")
    monkeypatch.delenv(user_cache.VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    monkeypatch.setattr(sys, "platform", "linux")
    assert user_cache.folder("models") == Path("/caches/translate/models")
